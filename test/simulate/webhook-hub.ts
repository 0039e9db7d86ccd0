import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { later, queue } from '../../functions/middleware/queue.ts';
import { raw } from '../../functions/middleware/raw.ts';
import type { Table } from '../../shared/core/aws.ts';
import { gathering, type Outgoing } from '../../shared/core/bus.ts';
import type { HubEvent } from '../../shared/core/event.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { ok } from '../../shared/core/result.ts';
import { openApps } from '../../shared/providers/app.ts';
import { findHandler, handlersOf } from '../../shared/providers/handled.ts';
import { findWebhooks } from '../../shared/providers/senders.ts';
import { webhooksContract } from '../../shared/webhooks/contract.ts';
import { born, type EndpointRow } from '../../shared/webhooks/endpoint.ts';
import { openEndpoints } from '../../shared/webhooks/endpoints.ts';
import { handle } from '../../shared/webhooks/handle.ts';
import { type Owner, processDelivery } from '../../shared/webhooks/process.ts';
import { openReceiver } from '../../shared/webhooks/receive.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { httpEvent, lambdaContext } from '../support/http-event.ts';
import { memoryTable } from '../support/memory-table.ts';
import { type Consumer, QueueWorkers, WebhookQueue } from './webhook-queue.ts';
import { ENDPOINT, ofEndpoint, PUBLIC_URL, secretOf, type Told } from './webhook-senders.ts';
import type { Answer, Caller, Service, World } from './world.ts';

// `receive`, `process` and `handle` as they are, from the HTTP event to the batch's answer, in processes that crash, before
// queues, tables, a bucket, a secret store, KMS and a bus that fail.

const plain = ['crash before', 'crash after', 'refused', 'late', 'outage'] as const;
const common = { slowMs: 4_000, timeoutMs: 5_000, faults: [...plain, 'lost', 'repeated'] } as const;
/** As the receiving function bounds what it asks to learn whom to believe. */
const soon = { slowMs: 600, timeoutMs: 600, faults: plain } as const;
export const services = {
  secrets: { ...soon, name: 'secrets' },
  lookup: { ...soon, name: 'lookup' },
  unwrap: { ...soon, name: 'unwrap' },
  intake: { ...common, name: 'intake' },
  send: { ...common, name: 'send' },
  lateSecrets: { ...common, name: 'late secrets', faults: plain },
  lateLookup: { ...common, name: 'late lookup', faults: plain },
  lateUnwrap: { ...common, name: 'late unwrap', faults: plain },
  owners: { ...common, name: 'owners', faults: plain },
  objects: { ...common, name: 'objects' },
  table: { ...common, name: 'table', faults: [...common.faults, 'frozen'] },
  bus: { ...common, name: 'bus', faults: [...common.faults, 'frozen'] },
  handlers: { ...common, name: 'handlers' },
  records: { ...common, name: 'records' },
  end: { ...common, name: 'end' },
} as const satisfies Record<string, Service>;

type Receive = (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;

interface Instance {
  readonly caller: Caller;
  readonly receive: Receive;
}

export class WebhookHub {
  readonly inbox = memoryTable();
  readonly intake: QueueWorkers;
  readonly handling: QueueWorkers;
  readonly objects = new Map<string, Buffer>();
  readonly published: HubEvent[] = [];
  lastToldAtMs = 0;
  /** Connections by provider and account; one that has ended is gone. */
  readonly owners = new Map<string, Owner[]>();
  /** Owners that were ended. */
  readonly ended: string[] = [];
  readonly #world: World;
  readonly #idle: Instance[] = [];
  readonly #endpoint: EndpointRow;
  #requests = 0;

  constructor(world: World, visibilityMs: number, doubles?: number) {
    const { process, handle: handler } = webhooksContract;
    const newQueue = () => new WebhookQueue(world, visibilityMs, { doubles });
    this.#world = world;
    this.intake = new QueueWorkers(world, newQueue(), process.entry.batchSize, (caller) => this.#newProcess(caller));
    this.handling = new QueueWorkers(world, newQueue(), handler.entry.batchSize, (caller) => this.#newHandle(caller));
    const about = { tenantId: TenantId.parse('umbrella'), provider: ofEndpoint };
    const outside = { name: 'outside', skewMs: 0, dead: false };
    const sealed = { wrapped: 'a data key', record: 'a sealed record' };
    const secrets = [{ id: 'first', createdAtMs: 0 }];
    this.#endpoint = { ...born(about, world.momentOf(outside)), id: ENDPOINT, secrets, sealed };
  }

  get queues(): readonly WebhookQueue[] {
    return [this.intake.queue, this.handling.queue];
  }

  connect(provider: string, account: string, tenant: string, name = 'default'): void {
    const owners = this.owners.get(`${provider}#${account}`) ?? [];
    const owner = { tenantId: TenantId.parse(tenant), connection: { provider, name } };
    this.owners.set(`${provider}#${account}`, [...owners, owner]);
  }

  /** Does something outside of the hub after `delayMs`. */
  later(delayMs: number, act: () => void): void {
    this.#world.start({ name: 'outside', skewMs: 0, dead: false }, delayMs, async () => act());
  }

  /** Sends one request; `hear` is told the status and how long it took, unless the process crashes. */
  post(told: Told, headers: Record<string, string>, hear: (status: number, tookMs: number) => void): void {
    const { provider, endpoint, body } = told;
    const route = endpoint === undefined ? '/webhooks/{provider}' : '/webhooks/{provider}/{endpoint}';
    const path = { provider, ...(endpoint !== undefined && { endpoint }) };
    const event = httpEvent('POST', route, { path, headers, body });
    const { caller, receive } = this.#idle.pop() ?? this.#newInstance();
    const began = this.#world.nowMs;
    this.#requests += 1;
    const context = lambdaContext(`req-${this.#requests}`);
    this.#world.start(caller, 0, async () => {
      const answer = await receive(event, context);
      if (caller.dead) return;
      this.#idle.push({ caller, receive });
      hear(answer.statusCode ?? 0, this.#world.nowMs - began);
    });
  }

  /** What was given up is handed over again, by an operator. */
  redrive(): number {
    const given = this.queues.reduce((sum, one) => sum + one.dead.length, 0);
    for (const workers of [this.intake, this.handling]) {
      workers.queue.redrive();
      workers.wake(0);
    }
    return given;
  }

  #newInstance(): Instance {
    this.#requests += 1;
    const caller = { name: `instance ${this.#requests}`, skewMs: this.#world.between(-400, 400), dead: false };
    const moment = this.#world.momentOf(caller);
    const { secrets, lookup, unwrap, send, intake } = services;
    const receive = openReceiver({
      findWebhooks,
      ...this.#trust(caller, { secrets, lookup, unwrap }),
      queue: { send: async ({ body }) => this.#ask(caller, send, () => this.intake.send(body)) },
      captured: { seal: nobody },
      objects: { put: async (key, bytes) => this.#ask(caller, intake, () => void this.objects.set(key, bytes)) },
    });
    const handler = raw(webhooksContract.receive, ({ path, target, moment: _, ...request }) =>
      receive({ ...path, ...request, url: `${PUBLIC_URL}${target}` }, moment),
    );
    return { caller, receive: handler as unknown as Receive };
  }

  #newProcess(caller: Caller): Consumer {
    const { lateSecrets, lateLookup, lateUnwrap, objects, owners, handlers, end } = services;
    const noNetwork = () => Promise.reject(new Error('no platform signs here'));
    const ports = {
      ...{ findWebhooks, handlersOf, send: noNetwork, keys: { keyOf: noNetwork, certificateKey: noNetwork } },
      ...this.#trust(caller, { secrets: lateSecrets, lookup: lateLookup, unwrap: lateUnwrap }),
      captured: { open: nobody },
      inbox: inboxStore(this.#tableOf(caller)),
      objects: {
        get: async (key: string) => this.#ask(caller, objects, () => this.objects.get(key)),
        put: async (key: string, bytes: Buffer) => this.#ask(caller, objects, () => void this.objects.set(key, bytes)),
      },
      publish: gathering({ publish: this.#publisher(caller) }, this.#world.momentOf(caller).sleep),
      handlerQueue: {
        sendAll: async (messages: readonly Outgoing[]) =>
          this.#ask(caller, handlers, () => {
            for (const { body } of messages) this.handling.send(body);
          }),
      },
      tenantSince: async () => this.#ask(caller, owners, () => 0),
      findOwners: async (provider: string, account: string) =>
        this.#ask(caller, owners, () => this.owners.get(`${provider}#${account}`) ?? []),
      renewSoon: async () => undefined, // no sender here has subscriptions
      endConnection: async (owner: Owner) => this.#ask(caller, end, () => this.#end(owner)),
    };
    return queue(webhooksContract.process, ({ message }) => processDelivery(message, ports)) as unknown as Consumer;
  }

  #newHandle(caller: Caller): Consumer {
    const moment = this.#world.momentOf(caller);
    const ports = {
      ...{ findHandler, inbox: inboxStore(this.#tableOf(caller)) },
      objects: { get: async (key: string) => this.objects.get(key) },
      absorb: async () => this.#ask(caller, services.records, () => true),
    };
    return queue(webhooksContract.handle, async ({ message, receiptHandle }) => {
      const fate = await handle(message, ports, moment);
      if (fate === 'settle') return ok('settled');
      this.handling.queue.hide(Number(receiptHandle), fate.waitMs);
      return ok(later);
    }) as unknown as Consumer;
  }

  /** Whom to believe, as the functions read it: kept in memory, from services that fail. */
  #trust(caller: Caller, { secrets, lookup, unwrap }: Record<'secrets' | 'lookup' | 'unwrap', Service>) {
    const now = () => this.#world.nowMs;
    const read = async (provider: string) =>
      this.#ask(caller, secrets, () => JSON.stringify({ webhookSecrets: [secretOf(provider)] }));
    const readEndpoint = openEndpoints({
      lookUp: async (id) => this.#ask(caller, lookup, () => (id === this.#endpoint.id ? this.#endpoint : undefined)),
      open: async () => this.#ask(caller, unwrap, () => [secretOf(ofEndpoint)]),
      now,
    });
    return { readApp: openApps({ STAGE: 'prod', PROVIDER_SECRETS: '' }, read, now), readEndpoint };
  }

  /** The table in memory has its effect at once: the promise only carries what came of it. */
  #tableOf(caller: Caller): Table {
    const through = async <T>(effect: () => Promise<T>) => this.#ask(caller, services.table, effect);
    return {
      ...this.inbox,
      get: (key) => through(() => this.inbox.get(key)),
      put: (item, expression) => through(() => this.inbox.put(item, expression)),
      update: (key, expression) => through(() => this.inbox.update(key, expression)),
    };
  }

  #publisher(caller: Caller) {
    return (events: readonly HubEvent[]) =>
      this.#ask(caller, services.bus, () => {
        this.published.push(...events);
        this.lastToldAtMs = this.#world.nowMs;
      });
  }

  async #ask<T>(caller: Caller, service: Service, effect: () => T): Promise<T> {
    return given(await this.#world.request(caller, service, effect));
  }

  #end({ tenantId, connection }: Owner): void {
    for (const [account, owners] of this.owners) {
      const left = owners.filter((owner) => owner.tenantId !== tenantId || owner.connection !== connection);
      this.owners.set(account, left);
      if (left.length < owners.length) this.ended.push(tenantId);
    }
  }
}

/** No sender here brings its secret. */
function nobody(): Promise<never> {
  return Promise.reject(new Error('nobody is asked'));
}

function given<T>(answer: Answer<T>): T {
  if ('refused' in answer) throw Object.assign(new Error('no answer'), { name: 'ThrottlingException' });
  return answer.value;
}
