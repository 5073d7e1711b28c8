// The SDK called directly, with a connection that is kept: what a handler of this shape costs with no gateway around it.
'use strict';

const http = require('node:http');
const {
  Client,
} = require('tencentcloud-sdk-nodejs/tencentcloud/services/dlc/v20210125/dlc_client.js');

const { DLC_ENDPOINT, TENCENTCLOUD_SECRET_ID, TENCENTCLOUD_SECRET_KEY } = process.env;
const client = new Client({
  credential: { secretId: TENCENTCLOUD_SECRET_ID, secretKey: TENCENTCLOUD_SECRET_KEY },
  region: 'ap-guangzhou',
  profile: {
    httpProfile: {
      protocol: 'http://',
      endpoint: new URL(DLC_ENDPOINT).host,
      agent: new http.Agent({ keepAlive: true }),
    },
  },
});

exports.handler = async () => {
  await client.CancelTask({ TaskId: 'a' });
  return { statusCode: 202 };
};
