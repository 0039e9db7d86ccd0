import { addresses } from '../../shared/console/addresses.ts';
import { consoleContract } from '../../shared/console/contract.ts';
import { failurePage } from '../../shared/console/frame.ts';
import { deadLettersIn, health } from '../../shared/console/health.ts';
import { homePage } from '../../shared/console/home.ts';
import * as session from '../../shared/console/session.ts';
import { signInPage } from '../../shared/console/sign-in.ts';
import { ping } from '../../shared/console/store.ts';
import { forOperator, HOME, isOwnPage, isPost, notOwn, sentForm } from '../../shared/console/visit.ts';
import { openTable, readSecretString } from '../../shared/core/aws.ts';
import { countWaiting } from '../../shared/core/bus.ts';
import { realMoment } from '../../shared/core/clock.ts';
import { readEnv } from '../../shared/core/env.ts';
import { TenantId } from '../../shared/core/ids.ts';
import { UNROUTED } from '../../shared/core/keys.ts';
import { log } from '../../shared/core/log.ts';
import { isOwnForm } from '../../shared/core/own-form.ts';
import { ok, type Result } from '../../shared/core/result.ts';
import { deliveryStore } from '../../shared/deliveries/store.ts';
import { toView as subscriptionView } from '../../shared/deliveries/subscription.ts';
import { isOperatorKey, openOperatorKey } from '../../shared/tenants/operator-key.ts';
import { tenantStore } from '../../shared/tenants/store.ts';
import { tenantView } from '../../shared/tenants/tenant.ts';
import { toView as eventView } from '../../shared/webhooks/event.ts';
import { inboxStore } from '../../shared/webhooks/store.ts';
import { type PageInput, page, type Shown } from '../middleware/page.ts';

const contract = consoleContract.home;
const env = readEnv(contract.env);
const { STAGE: stage, VERSION: version } = env;
const table = openTable(env.TENANTS_TABLE);
const tenants = tenantStore(table);
const { subscriptions } = deliveryStore(openTable(env.DELIVERIES_TABLE));
const inbox = inboxStore(openTable(env.INBOX_TABLE));
const deadLetters = deadLettersIn(env.DEAD_LETTER_QUEUE_URLS, countWaiting, realMoment);
const readOperatorKey = openOperatorKey(env.OPERATOR_SECRET, readSecretString, () => realMoment.nowMs);

type Input = PageInput<typeof contract.entry>;

export const handler = page(
  contract,
  { secure: stage !== 'local', failure: (error, requestId) => failurePage(stage, error, requestId) },
  (input) => (input.form.get('action') === 'sign-in' ? signIn(input) : desk(input)),
);

const desk = forOperator<Input, Shown>(
  { publicUrl: env.PUBLIC_URL, readOperatorKey },
  async ({ query, moment, csrf, ...input }) => {
    if (isPost(input)) return ok({ goTo: HOME, cookies: session.forget() }); // signed out
    const found = await find(query);
    if (found && 'goTo' in found) return ok(found);
    const { nowMs } = moment;
    const state = await health({ stage, version }, () => ping(table), deadLetters);
    const lists = state.status === 'ok' ? await readLists(query, nowMs) : undefined;
    const home = { health: state, lists, ...found };
    return ok({ page: homePage({ stage, csrf, nowMs }, home) });
  },
  (input) => askForKey(input, { to: input.query.get('to') ?? '' }),
);

async function readLists(query: URLSearchParams, nowMs: number) {
  const [all, told, unrouted] = await Promise.all([
    tenants.list({ limit: 50, cursor: query.get('tenants') ?? undefined }),
    subscriptions.list({ limit: 20, cursor: query.get('subscriptions') ?? undefined }),
    inbox.forTenant(UNROUTED).list({ limit: 5 }),
  ]);
  return {
    tenants: { ...all, items: all.items.map((one) => ({ ...tenantView(one), status: one.status })) },
    subscriptions: { ...told, items: told.items.map((one) => subscriptionView(one, nowMs)) },
    unrouted: unrouted.events.map((event) => eventView(event, undefined)),
  };
}

/** Returns where the find form leads to, or what was looked for in vain; nothing where nothing was. */
async function find(
  query: URLSearchParams,
): Promise<{ readonly goTo: string } | { readonly missed: string } | undefined> {
  const [tenant = '', id = ''] = [query.get('tenant')?.trim(), query.get('id')?.trim()];
  if (/^sub_[a-z0-9]{1,64}$/.test(id)) return { goTo: addresses.subscription(id) };
  const tenantId = TenantId.safeParse(tenant);
  if (!tenantId.success) {
    if (id !== '') return { missed: 'Calls and events are kept by tenant: say whose it is.' };
    return tenant === '' ? undefined : { missed: 'That is no tenant’s id.' };
  }
  if (!(await tenants.read(tenantId.data))) return { missed: `There is no tenant ${tenant}.` };
  if (id === '') return { goTo: addresses.tenant(tenant) };
  return {
    goTo: id.startsWith('call_') ? addresses.calls(tenant, { call: id }) : addresses.events(tenant, { event: id }),
  };
}

/** Takes the operator key, compared as that of every API request is. */
async function signIn(input: Input): Promise<Result<Shown>> {
  const { form, cookie, moment, requestId } = input;
  const to = form.get('to') ?? '';
  const held = cookie(session.SIGN_IN_COOKIE);
  if (!held || !isOwnForm(sentForm(input), session.signInToken(held), env.PUBLIC_URL)) return notOwn();
  const key = form.get('key')?.trim() ?? '';
  if (!(await isOperatorKey(key, readOperatorKey))) {
    log.warn('a sign-in to the console was refused', { feature: 'console', requestId });
    return ok({ ...askForKey(input, { to, problem: 'That is not the operator key of this stage.' }), status: 401 });
  }
  const cookies = [session.writeSession(session.newSession(key, moment))];
  return ok({ goTo: isOwnPage(to) ? to : HOME, cookies, done: { actor: { kind: 'operator' } } });
}

/** Returns the form, bound to this browser by a cookie of its own. */
function askForKey({ cookie, moment }: Input, more: { readonly to: string; readonly problem?: string }) {
  const held = session.signInCookie(cookie(session.SIGN_IN_COOKIE), moment);
  const shown = signInPage(stage, { csrf: session.signInToken(held), ...more });
  return { page: shown, cookies: [session.writeSignIn(held)] };
}
