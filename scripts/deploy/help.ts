export const HELP = `Deploys what serverless.yml says to Tencent SCF: builds, creates or updates the function, publishes a
version, lets callers get it, opens the function URL, and asks it for /healthz.

  npm run deploy -- --dry-run
  npm run deploy
  npm run deploy -- --stage prod --region ap-singapore
  npm run deploy -- --rollback

  --dry-run       prints the requests of a first deployment as JSON, secrets left out; sends nothing,
                  needs no credentials and no network
  --rollback      lets callers get the version published before the one that they get now
  --stage NAME    instead of STAGE                                  (default: dev)
  --region NAME   instead of the region in serverless.yml
  --config FILE   such as serverless.web.yml                        (default: serverless.yml)
  --no-build      deploys what dist/ holds already
  --help

TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY (and TENCENTCLOUD_SESSION_TOKEN) are whose user deploys:
deploy/cam-deployer-policy.json is what that user needs. serverless.yml names the other variables.
SCF_ENDPOINT    https://scf.tencentcloudapi.com; international accounts: https://scf.intl.tencentcloudapi.com;
                http: on loopback only

A run that broke off is finished by the next. docs/deploy.md has the whole walk.`;
