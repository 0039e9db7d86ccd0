import { addresses } from '../../shared/console/addresses.ts';
import { consoleContract } from '../../shared/console/contract.ts';
import { failurePage } from '../../shared/console/frame.ts';
import { subscriptionPage } from '../../shared/console/subscription.ts';
import { forOperator, isPost, type SignedIn } from '../../shared/console/visit.ts';
import { addressesOf } from '../../shared/core/address.ts';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { openQueue } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { refuse } from '../../shared/core/errors.ts';
import { ok, type Result } from '../../shared/core/result.ts';
import { deliveryStatuses } from '../../shared/deliveries/contract.ts';
import { toView as deliveryView } from '../../shared/deliveries/delivery.ts';
import { replay } from '../../shared/deliveries/replay.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { toView as subscriptionView } from '../../shared/deliveries/subscription.ts';
import { update } from '../../shared/deliveries/update.ts';
import { openOperatorKey } from '../../shared/tenants/operator-key.ts';
import { type PageInput, page, type Shown } from '../middleware/page.ts';

const contract = consoleContract.subscription;
const env = readEnv(contract.env);
const { STAGE: stage, PUBLIC_URL: publicUrl } = env;
const ports = {
  store: deliveryStore(openTable(env.DELIVERIES_TABLE)),
  queue: openQueue(env.DELIVERY_QUEUE_URL),
  loopback: stage === 'local',
  addressesOf,
};
const readOperatorKey = openOperatorKey(env.OPERATOR_SECRET, readSecretString, () => realMoment.nowMs);

type Input = PageInput<typeof contract.entry> & SignedIn;

export const handler = page(
  contract,
  { secure: stage !== 'local', failure: (error, requestId) => failurePage(stage, error, requestId) },
  forOperator<PageInput<typeof contract.entry>, Shown>({ publicUrl, readOperatorKey }, (input) =>
    isPost(input) ? work(input) : show(input),
  ),
);

/** On a page of the log. */
const LISTED = 50;
/** What a tick does as well does not keep the operator waiting. */
const RESERVE_MS = 20_000;

/** What the page says once a button has done its work. */
const sayings = new Map([
  ['test', 'A test event is on its way.'],
  ['again', 'The event is on its way again.'],
  ['enable', 'Enabled: what was held is being sent.'],
  ['pause', 'Paused: its events are held from now on.'],
]);

async function show({ path, query, moment, csrf }: Input): Promise<Result<Shown>> {
  const { nowMs } = moment;
  const subscription = await ports.store.subscriptions.get(path.subscription);
  if (!subscription) return refuse('not_found', 'There is no such subscription. It may have been removed.');
  const status = deliveryStatuses.find((one) => one === query.get('status'));
  const { items, cursor } = await ports.store
    .deliveriesOf(path.subscription)
    .list({ status, limit: LISTED, cursor: query.get('cursor') ?? undefined });
  const details = {
    subscription: subscriptionView(subscription, nowMs),
    status,
    deliveries: { items: items.map(deliveryView), cursor },
    answers: query.get('show') === 'payload',
    done: sayings.get(query.get('done') ?? ''),
  };
  return ok({ page: subscriptionPage({ stage, csrf, nowMs }, details) });
}

async function work(input: Input): Promise<Result<Shown>> {
  const { subscription } = input.path;
  const action = input.form.get('action') ?? '';
  const worked = await press(input, action);
  if (!worked.ok) return worked;
  const act = action === 'test' || action === 'again' ? 'subscription.resent' : 'subscription.changed';
  return ok({
    goTo: addresses.subscription(subscription, { done: action }),
    done: { act, actor: { kind: 'operator' }, given: { subscription } },
  });
}

async function press(
  { path: { subscription }, form, moment, remainingMs }: Input,
  action: string,
): Promise<Result<unknown>> {
  const timeIsUp = () => remainingMs() < RESERVE_MS;
  switch (action) {
    case 'test':
      return replay(subscription, { test: true }, ports, moment, timeIsUp);
    case 'again':
      return replay(subscription, { event: form.get('event') ?? '' }, ports, moment, timeIsUp);
    case 'enable':
    case 'pause':
      return update(subscription, { enabled: action === 'enable' }, ports, moment, timeIsUp);
    default:
      return refuse('invalid_request', 'This page has no such button.');
  }
}
