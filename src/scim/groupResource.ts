import SCIMMY from 'scimmy';
import { guarded, type ScimContext } from './context.js';
import { degressGroup, egressGroup, ingressGroup, patchGroup } from './groups.js';

/** As in `userResource.ts`: what scimmy coerces in place of a finished representation. */
const STUB = { id: 'stub', displayName: 'stub' } as unknown as InstanceType<typeof SCIMMY.Schemas.Group>;

/** The Group resource; see `BridgeUser` for why reading, coercion, PATCH and list windows are not scimmy's. */
export class BridgeGroup extends SCIMMY.Resources.Group {
  readonly target: string | undefined;
  readonly query: Readonly<Record<string, unknown>>;
  body: unknown;
  answer: object | undefined;

  constructor(id?: unknown, query?: unknown) {
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
    return (await guarded(scim, () => patchGroup(this, message, scim))) as never;
  }

  override async dispose(context?: unknown): Promise<void> {
    if (this.target !== undefined) this.id = this.target;
    await super.dispose(context);
  }
}

export function declareGroups(): void {
  SCIMMY.Resources.declare(BridgeGroup, 'Group');
  BridgeGroup.ingress(async (resource, _instance, context: ScimContext) => {
    const group = ours(resource);
    group.answer = await guarded(context, () => ingressGroup(group, context));
    return STUB;
  });
  BridgeGroup.egress(async (resource, context: ScimContext) => {
    const group = ours(resource);
    group.answer = await guarded(context, () => egressGroup(group, context));
    return group.target === undefined ? [] : STUB;
  });
  BridgeGroup.degress(async (resource, context: ScimContext) => {
    await guarded(context, () => degressGroup(ours(resource), context));
  });
}

/** scimmy hands a handler the instance that the route made, which is always one of the declared class. */
function ours(resource: object): BridgeGroup {
  if (resource instanceof BridgeGroup) return resource;
  throw new TypeError('scimmy called a handler with a resource of another class');
}
