import { type Fill, type Html, html, type Page } from '../core/html.ts';
import { UNROUTED } from '../core/keys.ts';
import { addresses } from './addresses.ts';
import { eventTable } from './event.ts';
import { type Desk, frame } from './frame.ts';
import type { Health } from './health.ts';
import { code, facts, link, more, notice, section, table, tag, when } from './parts.ts';
import { subscriptionState } from './subscription.ts';
import type { EventView, Listed, SubscriptionView, TenantView } from './views.ts';

export interface Home {
  readonly health: Health;
  /** Absent while the database cannot be reached. */
  readonly lists?: HomeLists;
  /** What was looked for in vain. */
  readonly missed?: string;
}

export interface HomeLists {
  /** `status`: whether it is being erased. */
  readonly tenants: Listed<TenantView & { readonly status: string }>;
  readonly subscriptions: Listed<SubscriptionView>;
  readonly unrouted: readonly EventView[];
}

/** Returns the first page: is the hub well, who is there, where do its events go. */
export function homePage(desk: Desk, { health, lists, missed }: Home): Page {
  return frame(
    desk,
    'Console',
    undefined,
    html`${missed === undefined ? undefined : notice('warn', missed)}
${healthFacts(health)}
<p class="more"><a href="/docs">API description</a> · <a href="/openapi.json">openapi.json</a></p>
${section('find', 'Find', findForm())}
${lists ? sections(desk, lists) : notice('bad', 'The database cannot be reached: load the page again in a minute. Why is in the log.')}`,
  );
}

function sections(desk: Desk, { tenants, subscriptions, unrouted }: HomeLists): Html {
  return html`${section('tenants', 'Tenants', [
    tenantTable(desk, tenants.items),
    more(tenants.cursor && addresses.home({ tenants: tenants.cursor }), 'More tenants'),
  ])}
${section('subscriptions', 'Subscriptions', [
  subscriptionTable(subscriptions.items),
  more(subscriptions.cursor && addresses.home({ subscriptions: subscriptions.cursor }), 'More subscriptions'),
])}
${section('unrouted', 'Events that no connection claims', [
  eventTable(desk, 'unrouted', UNROUTED, unrouted, 'None within the last 90 days.'),
  more(unrouted.length > 0 ? addresses.events(UNROUTED) : undefined, 'All of them'),
])}`;
}

function healthFacts({ status, stage, version, checks }: Health): Html {
  const checked = html`database ${tag(checks.database)} dead letters ${tag(checks.deadLetters)}`;
  return facts({ Health: tag(status), Checks: checked, Stage: stage, Version: version });
}

function findForm(): Html {
  const field = (name: string, label: Html, most: number) =>
    html`<div class="field"><label for="${name}-field">${label}</label><input id="${name}-field" name="${name}" maxlength="${most}" spellcheck="false" autocapitalize="off" autocomplete="off"></div>`;
  return html`<form class="find" method="get" action="${addresses.home()}">
${field('tenant', html`Tenant`, 64)}
${field('id', html`A call or an event of it <small>or a subscription</small>`, 500)}
<button class="go">Find</button>
</form>`;
}

function tenantTable({ nowMs }: Desk, items: HomeLists['tenants']['items']): Html {
  const rows = items.map(({ id, name, status, createdAt }): Fill[] => [
    link(addresses.tenant(id), html`<bdi>${name}</bdi>`),
    code(id),
    tag(status),
    when(createdAt, nowMs),
  ]);
  return table('tenants', ['Name', 'Id', 'State', 'Created'], rows, 'No tenant yet. POST /v1/tenants makes one.');
}

function subscriptionTable(items: readonly SubscriptionView[]): Html {
  const rows = items.map((one): Fill[] => [
    link(addresses.subscription(one.id), one.url),
    one.types.join(', '),
    one.tenants?.join(', ') ?? 'all',
    subscriptionState(one),
  ]);
  return table('subscriptions', ['To', 'Events', 'Tenants', 'State'], rows, 'None. POST /v1/subscriptions makes one.');
}
