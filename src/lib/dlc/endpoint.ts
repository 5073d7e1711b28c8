import { isLoopback } from '../config/setting-values.ts';
import { SettingError } from '../config/setting-error.ts';

/** Where DLC is reached, apart from the name that requests are signed for. */
export interface DlcEndpoint {
  /** Host name that the SDK signs and sends; its first label, `dlc`, is the service in the signature. */
  readonly name: string;
  readonly protocol: 'https:' | 'http:';
  /** On loopback alone: where the connection really goes. */
  readonly connectTo?: { readonly host: string; readonly port: number };
}

/**
 * Reads `DLC_ENDPOINT`, or another service's. The SDK signs for the service that the endpoint's first label names (`127` for
 * `127.0.0.1`), so a local server keeps the official name and only the connection goes elsewhere.
 *
 * @param service first label of the official name, and the service in the signature's scope
 * @throws SettingError for anything but `https://dlc.…`, or `http(s):` on loopback
 */
export function parseEndpoint(value: string, service = 'dlc'): DlcEndpoint {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || url.username || url.password || url.pathname !== '/' || url.search || url.hash) {
    throw new SettingError(`must be an address such as https://${service}.tencentcloudapi.com`);
  }
  const { protocol } = url;
  if (protocol !== 'https:' && protocol !== 'http:')
    throw new SettingError('must be an https: address');
  if (isLoopback(url.hostname)) {
    const host = url.hostname.replace(/^\[|\]$/g, '');
    const port = Number(url.port || (protocol === 'https:' ? 443 : 80));
    return { name: `${service}.tencentcloudapi.com`, protocol, connectTo: { host, port } };
  }
  if (protocol === 'http:') throw new SettingError('may be an http: address on loopback only');
  if (!url.hostname.startsWith(`${service}.`) || url.port) {
    throw new SettingError(`must name a host whose first label is "${service}", without a port`);
  }
  return { name: url.hostname, protocol };
}
