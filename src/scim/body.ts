import express, { type RequestHandler } from 'express';
import { answerFailure, refuse, SCIM_MEDIA_TYPE } from './answers.js';
import { type BodyGate, MAX_BODY_BYTES } from './bodyGate.js';
import { Failure } from '../provisioning/failure.js';
import { readJson } from './jsonReader.js';

type Headed = Parameters<typeof typeOf>[0];

/** Both JSON media types are read, as UTF-8; a body of another type or charset is 415. Bodiless requests may name any. */
export const mediaType: RequestHandler = (request, response, next) => {
  const hasBody =
    request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0;
  if (!hasBody) next();
  else if (!isJson(request))
    refuse(response, 415, `The body must be JSON. Send it as Content-Type: ${SCIM_MEDIA_TYPE}.`);
  else if (!/^(?:|utf-?8)$/.test(charsetOf(request))) refuse(response, 415, UNREADABLE);
  else next();
};

/** Of another charset, or of a `Content-Encoding` that cannot be inflated. */
export const UNREADABLE = 'The body has a charset or encoding that cannot be read. Send UTF-8 JSON.';

/** Reads the body of a request as JSON into `request.body`; what is compressed is inflated up to the limit and no further. */
export function readBody(gate: Pick<BodyGate, 'noteSize'>): readonly RequestHandler[] {
  return [
    express.raw({
      type: isJson,
      limit: MAX_BODY_BYTES,
      verify: (request, _response, body) => gate.noteSize(request, body.length),
    }),
    async (request, response, next) => {
      const bytes: unknown = request.body;
      if (!Buffer.isBuffer(bytes)) {
        next();
        return;
      }
      try {
        request.body = bytes.length === 0 ? undefined : await readJson(bytes);
      } catch (error) {
        answerFailure(response, Failure.from(error));
        return;
      }
      next();
    },
  ];
}

function isJson(request: Headed): boolean {
  const [type] = typeOf(request);
  return type === SCIM_MEDIA_TYPE || type === 'application/json';
}

function charsetOf(request: Headed): string {
  const [, ...parameters] = typeOf(request);
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return charset?.slice('charset='.length).replace(/^"(.*)"$/, '$1') ?? '';
}

/** The media type and its parameters, in lower case. */
function typeOf(request: { readonly headers: Readonly<Record<string, string | string[] | undefined>> }): string[] {
  const type = String(request.headers['content-type'] ?? '');
  return type.split(';').map((part) => part.trim().toLowerCase());
}
