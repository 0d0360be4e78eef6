import { type Agent, request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly text: string;
  /** Seconds. */
  readonly retryAfter: number | undefined;
}

export interface Question {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
  readonly timeoutMs: number;
}

/** One request. Unlike with `fetch`, whoever holds the agent can end its idle connections. @throws Error without an answer */
export function ask({ method, url, headers, body, timeoutMs }: Question, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      url,
      { method, agent, signal: AbortSignal.timeout(timeoutMs), headers: { ...headers, ...lengthOf(body) } },
      (response) => {
        const { statusCode: status = 0 } = response;
        const retryAfter = response.headers['retry-after'];
        text(response).then(
          (content) =>
            resolve({ status, text: content, retryAfter: retryAfter === undefined ? undefined : Number(retryAfter) }),
          reject,
        );
      },
    );
    asked.once('error', reject);
    asked.end(body);
  });
}

function lengthOf(body: string | undefined): Readonly<Record<string, string>> {
  return body === undefined ? {} : { 'Content-Length': String(Buffer.byteLength(body)) };
}
