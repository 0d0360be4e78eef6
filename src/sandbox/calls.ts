/** The kind of credential a call carried, valid or not; `unknown` is one the sandbox never gave out. */
export type CredentialKind = 'none' | 'classic' | 'scoped' | 'organization' | 'unknown';

/** A call as the sandbox received it. */
export interface ReceivedCall {
  readonly method: string;
  /** As sent, with its query. */
  readonly path: string;
  /** For example `confluence.addMember`; undefined for a route the sandbox does not know. */
  readonly operation: string | undefined;
  /** Whether the operation changes anything; searches sent as POST do not. */
  readonly isWrite: boolean;
  readonly credential: CredentialKind;
  /** The JSON body, if one was sent and could be read. */
  readonly body: unknown;
  /** Undefined until answered, and for good when the connection was dropped instead. */
  readonly status: number | undefined;
  /** Whether a fault struck it. */
  readonly isStruck: boolean;
  /** Whether the site itself did or refused what it asks for; not so where a fault kept the call from it. */
  readonly isServed: boolean;
}

/** The one who records a call may complete it; everybody else reads. */
export type CallInProgress = { -readonly [Field in keyof ReceivedCall]: ReceivedCall[Field] };
