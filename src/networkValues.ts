import { isIP } from 'node:net';
import { type Parser, listOf, webAddress, wholeNumber } from './settingValues.js';

/** As Express takes it: how many proxies there are in a row, or which addresses are proxies. Empty: none is trusted. */
export type TrustedProxies = number | readonly string[];

/** A proxy on the way to Atlassian. */
export interface UpstreamProxy {
  /** With its port; no slash at its end. */
  readonly origin: string;
  /** Its `Proxy-Authorization` header, where the setting holds a user and password. A secret. */
  readonly authorization: string | undefined;
}

const MOST_PROXIES = 9;

/** Whose `X-Forwarded-For` is believed. Whoever may set that header may pretend to be anybody, so not everybody may. */
export const trustedProxies: Parser<TrustedProxies> = (text) =>
  /^\d+$/.test(text) ? wholeNumber(1, MOST_PROXIES)(text) : listOf(proxyRange)(text);

const proxyRange: Parser<string> = (text) => {
  if (text.toLowerCase() === 'loopback') return { value: 'loopback' };
  const [ip = '', bits, ...more] = text.split('/');
  const version = isIP(ip);
  if (version === 0 || more.length > 0)
    return { problem: 'must be loopback, or an address or range such as 10.0.0.0/8; or the setting one number' };
  if (bits === undefined) return { value: text };
  const size = wholeNumber(1, version === 4 ? 32 : 128)(bits);
  return 'value' in size ? { value: text } : { problem: 'must not be a range that holds every address, or none' };
};

/** `http://proxy.acme.com:3128`, with `user:password@` in front of the host where the proxy wants it. */
export const proxyAddress: Parser<UpstreamProxy> = (text) => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const [user = '', password = ''] = [url?.username, url?.password].map((part) => decode(part ?? ''));
  if (url !== undefined) [url.username, url.password] = ['', ''];
  const parsed = url === undefined ? undefined : webAddress(url.href);
  if (parsed === undefined || 'problem' in parsed || parsed.value.pathname !== '/')
    return { problem: 'must be an address such as http://proxy.acme.com:3128, without a path' };
  const authorization =
    user === '' && password === '' ? undefined : `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
  return { value: { origin: parsed.value.origin, authorization } };
};

/** What must not be printed of a proxy: the pair as it is sent, and the password alone. */
export function proxySecrets({ authorization }: UpstreamProxy): readonly string[] {
  if (authorization === undefined) return [];
  const encoded = authorization.replace(/^Basic /, '');
  const pair = Buffer.from(encoded, 'base64').toString();
  return [encoded, pair.slice(pair.indexOf(':') + 1)];
}

/** The name of a file, which is read later: in a container it may be there only when the process starts. */
export const filePath: Parser<string> = (text) =>
  text.includes('\0') ? { problem: 'holds a character that no name of a file has' } : { value: text };

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
