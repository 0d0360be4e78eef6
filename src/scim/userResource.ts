import SCIMMY from 'scimmy';
import { guarded, type ScimContext } from './context.js';
import { patchUser } from './userPatch.js';
import { ingressUser, egressUser, degressUser } from './users.js';

/**
 * What scimmy is given to coerce in place of a resource. Its own coercion refuses what identity providers really send
 * (text booleans, null lists, unknown types) and costs a hundred microseconds a person, so the handlers answer with a
 * finished representation, kept in `answer`, and scimmy's flow of handlers runs over this.
 */
const STUB = { id: 'stub', userName: 'stub' } as unknown as InstanceType<typeof SCIMMY.Schemas.User>;

/**
 * The User resource: scimmy's declaration, routes and handlers. Reading of queries, coercion, PATCH and list windows
 * are ours, because scimmy's are not safe with hostile input (filters reach prototypes and exponential patterns).
 */
export class BridgeUser extends SCIMMY.Resources.User {
  /** The id of the address, undecided whether anybody has it; undefined for the collection. */
  readonly target: string | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  /** The unread body of POST or PUT. */
  body: unknown;
  /** The representation a handler answers with. */
  answer: object | undefined;

  constructor(id?: unknown, query?: unknown) {
    // Nothing a client sent reaches scimmy's constructor, which would parse it as a filter.
    super();
    this.target = typeof id === 'string' ? id : undefined;
    this.query = ((typeof id === 'string' ? query : id) ?? {}) as Readonly<Record<string, unknown>>;
  }

  override async read(context?: unknown): Promise<never> {
    await super.read(context);
    return this.answer as never;
  }

  override async write(body: unknown, context?: unknown): Promise<never> {
    this.body = body;
    await super.write(STUB, context);
    return this.answer as never;
  }

  override async patch(message: unknown, context?: unknown): Promise<never> {
    const scim = context as ScimContext;
    // scimmy's PATCH reads the whole resource, changes a copy and writes it back; handlers never see the operations.
    return (await guarded(scim, () => patchUser(this, message, scim))) as never;
  }

  override async dispose(context?: unknown): Promise<void> {
    // scimmy looks at its own id before it calls the handler.
    if (this.target !== undefined) this.id = this.target;
    await super.dispose(context);
  }
}

/** Declares the resource and its handlers; scimmy keeps them in process-wide statics, so once is enough. */
export function declareUsers(): void {
  SCIMMY.Resources.declare(BridgeUser, 'User');
  BridgeUser.ingress(async (resource, _instance, context: ScimContext) => {
    const user = ours(resource);
    user.answer = await guarded(context, () => ingressUser(user, context));
    return STUB;
  });
  BridgeUser.egress(async (resource, context: ScimContext) => {
    const user = ours(resource);
    user.answer = await guarded(context, () => egressUser(user, context));
    return user.target === undefined ? [] : STUB;
  });
  BridgeUser.degress(async (resource, context: ScimContext) => {
    await guarded(context, () => degressUser(ours(resource), context));
  });
}

/** scimmy hands a handler the instance that the route made, which is always one of the declared class. */
function ours(resource: object): BridgeUser {
  if (resource instanceof BridgeUser) return resource;
  throw new TypeError('scimmy called a handler with a resource of another class');
}
