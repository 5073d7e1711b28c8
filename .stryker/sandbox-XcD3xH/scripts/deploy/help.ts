import { exitCodes } from '../cli/exit-codes.ts';

export const HELP = `Deploys what serverless.yml says to Tencent SCF: builds, creates or updates the function, publishes a
version, lets callers get it, opens the function URL, and asks it for /healthz.

  npm run deploy -- --dry-run
  npm run deploy
  npm run deploy -- --stage prod --region ap-singapore
  npm run deploy -- --rollback

Options
  --dry-run       prints the requests of a first deployment as JSON, secrets left out; sends nothing,
                  needs no credentials and no network
  --rollback      lets callers get the version published before the one that they get now
  --stage NAME    instead of STAGE                                  (default: dev)
  --region NAME   instead of the region in serverless.yml
  --config FILE   such as serverless.web.yml                        (default: serverless.yml)
  --no-build      deploys what dist/ holds already
  -h, --help      this text

Environment
  TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY, TENCENTCLOUD_SESSION_TOKEN
                  whose user deploys: deploy/cam-deployer-policy.json is what that user needs
  SCF_ENDPOINT    https://scf.tencentcloudapi.com; international accounts:
                  https://scf.intl.tencentcloudapi.com; http: on loopback only
  STAGE, DLC_REGION, SCF_ROLE, and the settings of the gateway: what serverless.yml names

A run that broke off is finished by the next. docs/deploy.md has the whole walk.

${exitCodes(
  {
    data: 'a source or a file of config/ is wrong, or there is no version to go back to',
    noInput: 'serverless.yml or the package cannot be read',
    unavailable: 'SCF cannot be reached or has failed, or what was deployed does not serve',
    software: 'an answer that nobody foresaw, or a mistake of the command itself',
    temporary: 'try again in a minute',
    protocol: 'SCF gave an address that is not used',
    permission: 'credentials, or a permission that they lack',
    config: 'a variable or serverless.yml is wrong; every reason is named',
  },
  'deployed, and it serves; with --dry-run: it could be deployed',
)}`;
