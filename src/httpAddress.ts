import { isIPv6 } from 'node:net';

/** The base URL of a listen address, without a slash at its end. */
export function httpAddress(host: string, port: number, scheme: 'http' | 'https' = 'http'): string {
  return `${scheme}://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}
