import { once } from 'node:events';
import { createServer } from 'node:http';
import { failurePage } from '../../shared/connections/failure-page.ts';
import { checkFields } from '../../shared/connections/fields.ts';
import { linkPage } from '../../shared/connections/link-page.ts';
import { Owner } from '../../shared/connections/owner.ts';
import type { Session } from '../../shared/connections/session.ts';
import { docsPage } from '../../shared/console/docs.ts';
import { describeApi } from '../../shared/console/openapi.ts';
import { type HubErrorCode, outcomes, refuse } from '../../shared/core/errors.ts';
import { contentPolicy, type Page, renderPage } from '../../shared/core/html.ts';
import { TenantId } from '../../shared/core/ids.ts';
import type { WayKind } from '../../shared/providers/auth.ts';
import { findProvider } from '../../shared/providers/definitions.ts';
import { tenantsAnswers } from '../../shared/tenants/answers.ts';
import { tenantsContract } from '../../shared/tenants/contract.ts';
import { consoleGallery } from './console-gallery.ts';

type Again = NonNullable<Parameters<typeof linkPage>[1]['again']>;

const plain = Owner.parse({ name: 'Freightly' });
const branded = Owner.parse({ name: 'Freightly', colour: '#ffd400', supportUrl: 'https://help.example.com' });
const dark = Owner.parse({ name: 'Freightly', colour: '#101010', supportUrl: 'mailto:help@example.com' });
const long = Owner.parse({
  name: 'Überlandspeditionsgesellschaft Donaudampfschifffahrt und Söhne GmbH & Co. KG',
  colour: '#7b1fa2',
});

const session: Session = {
  ...{ id: 'cs_1', tenantId: TenantId.parse('acme'), tenantName: 'Acme Ltd', provider: 'github', name: 'default' },
  ...{
    endUser: 'ada@acme.example',
    returnUrl: 'https://app.example.com/x',
    scopes: ['repo', 'read:user', 'admin:org'],
  },
  ...{ status: 'created', linkHash: 'l', createdAtMs: 0, linkExpiresAtMs: 1 },
};

function shown(owner: Owner, change: Partial<Session> = {}, kind?: WayKind, again?: Again): Page {
  const entry = findProvider(change.provider ?? session.provider, 'local');
  const way = entry?.provider.auth.find((one) => kind === undefined || one.kind === kind);
  if (!entry || !way) throw new Error('the gallery names a provider or a way that is not there');
  const app = { clientId: 'c', clientSecret: 's' };
  return linkPage(owner, {
    session: { ...session, ...change },
    entry,
    app,
    way,
    link: 'cs_1.link',
    csrf: 'token',
    again,
  });
}

/** The form again, nothing of it right. */
function faults(provider: string, kind: WayKind): Again {
  const way = findProvider(provider, 'local')?.provider.auth.find((one) => one.kind === kind);
  const checked = way && checkFields(way, () => '?');
  if (!checked || checked.ok) throw new Error('the gallery names a way that is not there, or that takes anything');
  return { faults: checked.error, values: {} };
}

/** The codes that a browser can meet. */
export const failures = [
  'link_invalid',
  'link_expired',
  'link_used',
  'link_exhausted',
  'wrong_browser',
  'invalid_state',
  'denied',
  'provider_unavailable',
  'provider_error',
  'exchange_failed',
  'account_mismatch',
  'not_configured',
  'unavailable',
  'not_found',
] as const satisfies readonly HubErrorCode[];

const goBack = 'https://app.example.com/connected';
const messages: Partial<Record<HubErrorCode, string>> = {
  link_expired: 'For your safety a link works for 15 minutes.',
  wrong_browser: 'This link was begun in another browser, or cookies are switched off.',
};

/** Of the API, a route with each kind of part. */
const excerpt = {
  ...{ name: 'tenants', about: 'Your customers.', answers: tenantsAnswers },
  contract: { create: tenantsContract.create, 'list-keys': tenantsContract['list-keys'] },
};

/** Every page, by name. */
export const gallery: Readonly<Record<string, Page>> = {
  asking: shown(branded),
  'asking without scopes': shown(plain, { provider: 'demo', scopes: [] }),
  'asking with long names': shown(long, {
    tenantName: 'Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogogoch'.repeat(2).slice(0, 100),
    endUser: 'a'.repeat(150),
    scopes: ['x'.repeat(180)],
  }),
  'asking from right to left': shown(dark, { tenantName: 'شركة النقل السريع', endUser: 'عائشة (ada@acme.example)' }),
  form: shown(branded, { provider: 'twilio', scopes: [] }),
  'form with faults': shown(dark, { provider: 'twilio', scopes: [] }, undefined, faults('twilio', 'basic')),
  'form with choices': shown(long, { provider: 'sendgrid', scopes: [] }),
  'form beside another way': shown(plain, { provider: 'demo', scopes: [] }, 'api_key'),
  ...Object.fromEntries(
    failures.map((code) => {
      const { error } = refuse(code, messages[code] ?? `${outcomes[code].title}.`, { goBack });
      return [code, failurePage(code === 'link_used' ? long : branded, error, 'req-1')];
    }),
  ),
  'API description': docsPage(describeApi([excerpt], { version: '1.2.3', publicUrl: 'https://hub.patchbay.test' })),
  ...consoleGallery,
  bug: failurePage(dark, undefined, '4f1c2f4e-8f1d-4a52-9b7e-1d2f6a0f4c11'),
};

/** Returns where the gallery hangs, each page under its own policy. */
export async function openGallery() {
  const server = createServer(({ url = '' }, response) => {
    const page = gallery[decodeURIComponent(url.slice(1))];
    if (!page) return response.writeHead(404).end();
    const headers = { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': contentPolicy(page) };
    return response.writeHead(200, headers).end(renderPage(page));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (typeof address !== 'object' || !address) throw new Error('the gallery has no port');
  return {
    url: (name: string) => `http://127.0.0.1:${address.port}/${encodeURIComponent(name)}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
