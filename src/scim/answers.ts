import type { RequestHandler, Response } from 'express';
import SCIMMY from 'scimmy';
import { requestRecord } from '../observability/requests.js';
import type { Failure } from '../provisioning/failure.js';
import { scimError, toScimError, type ScimError } from './errors.js';
import { listResponse } from './listResponse.js';

const FAILURE = 'scimFailure';
export const SCIM_MEDIA_TYPE = 'application/scim+json';

/**
 * Makes every body of this response SCIM's: `application/scim+json` without charset (rule LI5), which Express would
 * add. scimmy-routers can serialise neither 429 nor 503 and turns unknown errors into others, so a failure noted by
 * `noteFailure` is what is rendered, whatever is handed to `send` for it. Errors of scimmy's own get the
 * request id, and its lists a true `itemsPerPage`.
 */
export const scimAnswers: RequestHandler = (_request, response, next) => {
  response.send = (body?: unknown) => {
    const failure = notedFailure(response);
    if (failure !== undefined) return answerFailure(response, failure);
    if (body instanceof SCIMMY.Messages.Error) return refuse(response, response.statusCode, body.detail ?? '');
    if (body instanceof SCIMMY.Messages.ListResponse) {
      return write(response, JSON.stringify(listResponse(body.totalResults, body.startIndex, body.Resources)));
    }
    if (body === undefined || body === null) {
      response.removeHeader('Content-Type');
      return response.end();
    }
    return write(response, JSON.stringify(body));
  };
  next();
};

/** Keeps the failure of this request for the answer; scimmy sees only an error it can carry. */
export function noteFailure(response: Response, failure: Failure): void {
  response.locals[FAILURE] = failure;
}

export function notedFailure(response: Response): Failure | undefined {
  return response.locals[FAILURE] as Failure | undefined;
}

export function answerFailure(response: Response, failure: Failure): Response {
  return answerError(response, toScimError(failure, requestRecord(response).requestId));
}

/** Answers an error of the edge itself. */
export function refuse(
  response: Response,
  status: number,
  detail: string,
  more: Parameters<typeof scimError>[3] = {},
): Response {
  return answerError(response, scimError(status, detail, requestRecord(response).requestId, more));
}

function answerError(response: Response, error: ScimError): Response {
  response.status(error.status);
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  return write(response, JSON.stringify(error.body));
}

function write(response: Response, text: string): Response {
  response.setHeader('Content-Type', SCIM_MEDIA_TYPE);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  return response.end(text);
}
