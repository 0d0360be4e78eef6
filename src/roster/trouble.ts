import { Failure } from '../provisioning/failure.js';

/**
 * What a scan or a read of the granting groups failed with, fit for an answer to somebody else's message: that an id
 * was not found, or a value refused, is about our own question and never about theirs (rule SA2).
 */
export function asOwnTrouble(error: unknown): Failure {
  const failure = Failure.from(error);
  switch (failure.kind) {
    case 'rateLimited':
    case 'unavailable':
    case 'misconfigured':
    case 'unexpected':
      return failure;
    case 'invalid':
    case 'notFound':
    case 'conflict':
    case 'refused':
    case 'forbidden':
    case 'precondition':
    case 'unsupported':
      return new Failure('unavailable', 'Atlassian did not answer usefully about its groups. Send it again later.', {
        retryAfterSeconds: 5,
        cause: failure,
        ...(failure.upstream === undefined ? {} : { upstream: failure.upstream }),
      });
  }
}
