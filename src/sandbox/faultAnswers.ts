import { errorBody, htmlPage, type Surface } from './errors.js';
import type { Fault } from './faults.js';
import type { Answer } from './http.js';

/** What is left of an answer that is cut in the middle. */
export function firstHalf(body: unknown): string {
  const text = JSON.stringify(body ?? { done: true });
  return text.slice(0, Math.ceil(text.length / 2));
}

/** What a fault answers in place of what was asked for. */
export function faultAnswer(fault: Fault, surface: Surface, nowMs: number): Answer {
  const isHtml = fault.kind === 'html';
  const status = fault.status ?? (isHtml ? 503 : 500);
  const contentType = fault.contentType ?? (isHtml ? 'text/html' : undefined);
  return {
    status,
    body: fault.body ?? (isHtml ? htmlPage(status) : errorBody(surface, status, 'Injected by the test.')),
    ...(contentType === undefined ? {} : { contentType }),
    headers: {
      ...(status === 429 ? rateLimitHeaders(surface, nowMs + (fault.retryAfter ?? 60) * 1000) : {}),
      ...(fault.retryAfter === undefined ? {} : { 'Retry-After': String(fault.retryAfter) }),
      ...fault.headers,
    },
  };
}

/** As Atlassian sends them, the time of the reset cut to its minute. */
function rateLimitHeaders(surface: Surface, resetAtMs: number): Readonly<Record<string, string>> {
  return {
    'X-RateLimit-Limit': '100',
    'X-RateLimit-Remaining': '0',
    'X-RateLimit-NearLimit': 'true',
    'X-RateLimit-Reset': `${new Date(resetAtMs).toISOString().slice(0, 16)}Z`,
    'RateLimit-Reason': `${surface === 'jira' ? 'jira' : 'confluence'}-burst-based`,
  };
}
