import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failurePage } from '../../../shared/connections/failure-page.ts';
import { inkOn, Owner, readOwner } from '../../../shared/connections/owner.ts';
import { askingPage } from '../../../shared/connections/pages.ts';
import type { Session } from '../../../shared/connections/session.ts';
import { contentPolicy, html, renderPage } from '../../../shared/core/html.ts';
import { TenantId } from '../../../shared/core/ids.ts';
import { slack } from '../../../shared/providers/slack/index.ts';
import { places, readSources } from '../../support/sources.ts';

const owner = Owner.parse({ name: 'Freightly' });
const session: Session = {
  ...{
    id: 'cs_1',
    tenantId: TenantId.parse('acme'),
    tenantName: 'Acme',
    provider: 'slack',
    name: 'default',
    endUser: 'ada',
  },
  ...{ returnUrl: 'https://app.example.com/x', scopes: ['chat:write'], status: 'created', linkHash: 'l' },
  ...{ createdAtMs: 0, linkExpiresAtMs: 1 },
};
const render = (change: Partial<Session>, by: Owner = owner) =>
  renderPage(
    askingPage(by, { session: { ...session, ...change }, provider: slack, app: {}, link: 'cs_1.link', csrf: 'token' }),
  );

const escaped = (text: string) =>
  text.replace(
    /[&<>"'`]/g,
    (character) => `&${{ '&': 'amp', '<': 'lt', '>': 'gt', '"': 'quot', "'": '#39', '`': '#96' }[character]};`,
  );

const hostile = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.constantFrom(
    '<script>alert(1)</script>',
    '"><img src=x onerror=alert(1)>',
    "' autofocus onfocus=alert(1) x='",
    '</title></style><script>',
    '<!--',
    ']]>',
    '&lt;script&gt;',
    'javascript:alert(1)',
    '{{constructor.constructor("x")()}}',
    '\u0000<b>',
  ),
);

describe('a hostile name (A-40)', () => {
  const template = (field: 'tenantName' | 'endUser') => render({ [field]: 'PLACEHOLDER' });

  test.each(['tenantName', 'endUser'] as const)('as %s is nothing but its own text: 300 of 300', (field) => {
    const frame = template(field);
    fc.assert(
      fc.property(hostile, (name) => {
        expect(render({ [field]: name })).toBe(frame.split('PLACEHOLDER').join(escaped(name)));
      }),
      { numRuns: 300 },
    );
  });

  test('as a scope is shown as it is written, and runs nothing', () => {
    const page = render({ scopes: ['<script>alert(1)</script>', '__proto__', 'constructor', 'chat:write'] });
    expect(page).toContain('The permission <code>&lt;script&gt;alert(1)&lt;/script&gt;</code>');
    expect(page).toContain('The permission <code>constructor</code>');
    expect(page).toContain('<li>Send messages as the app</li>');
    expect(page).not.toContain('<script');
  });

  test('of the owner is escaped too, and no colour can break out of the style sheet', () => {
    expect(render({}, Owner.parse({ name: '<b>&' }))).toContain('Connect Slack to &lt;b&gt;&amp;');
    for (const colour of ['red', '#fff', '#12345g', '#123456;}body{display:none', '</style>']) {
      expect(Owner.safeParse({ name: 'x', colour }).success).toBe(false);
    }
    for (const url of ['javascript:alert(1)', 'http://x.example', 'data:text/html,x']) {
      expect(Owner.safeParse({ name: 'x', logoUrl: url }).success).toBe(false);
      expect(Owner.safeParse({ name: 'x', supportUrl: url }).success).toBe(false);
    }
    expect(() => readOwner('{"name":""}')).toThrow();
  });
});

test('no page talks to another window, and none has a script to do it with (A-13)', () => {
  const talk = /postMessage|window\.opener|<script|\son\w+=|srcdoc|javascript:/i;
  expect(places(readSources('shared/connections', 'shared/core', 'functions/connections'), talk)).toEqual([]);
});

describe('a page', () => {
  test('has a language, a title, one heading, one main part, and a label for all that is pressed', () => {
    for (const page of [render({}), renderPage(failurePage(owner, undefined, 'r1'))]) {
      expect(page).toMatch(/^<!doctype html>\n<html lang="en">/);
      expect(page).toMatch(/<meta name="viewport" content="width=device-width, initial-scale=1">/);
      for (const once of ['<h1>', '<main>', '<title>', '<footer>']) expect(page.split(once)).toHaveLength(2);
    }
    expect([...render({}).matchAll(/<button[^>]*>([^<]+)</g)].map(([, label]) => label)).toEqual([
      'Continue to Slack',
      'Cancel',
    ]);
  });

  test('leads its form nowhere but to the hub, the provider and the app', () => {
    const page = askingPage(owner, { session, provider: slack, app: {}, link: 'l', csrf: 't' });
    expect(page.formAction).toEqual(['https://slack.com', 'https://app.example.com', 'https:']);
    expect(contentPolicy(failurePage(owner, undefined, 'r1'))).toContain("form-action 'self';");
  });

  test('names the request where something broke, and what to do where something was refused', () => {
    expect(renderPage(failurePage(owner, undefined, 'req-9'))).toContain('<code>req-9</code>');
    const refused = renderPage(
      failurePage(owner, { code: 'link_used', message: 'Go back.', cause: 'inner reason' }, 'req-9'),
    );
    expect(refused).toContain('Go back.');
    expect(refused).not.toMatch(/inner reason|req-9/);
  });
});

test('text on the owner’s colour has a contrast of 4.5:1 at least, whatever the colour', () => {
  const luminance = (colour: string) => {
    const parts = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16) / 255);
    const [r = 0, g = 0, b = 0] = parts.map((part) =>
      part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const colour = fc.integer({ min: 0, max: 0xffffff }).map((value) => `#${value.toString(16).padStart(6, '0')}`);
  fc.assert(
    fc.property(colour, (ground) => {
      const [low = 0, high = 0] = [luminance(ground), luminance(inkOn(ground))].sort((a, b) => a - b);
      expect((high + 0.05) / (low + 0.05)).toBeGreaterThanOrEqual(4.5);
    }),
    { numRuns: 2_000 },
  );
});

test('the template tag escapes what is filled in, joins lists, leaves out nothings', () => {
  const inner = html`<i>${'<'}</i>`;
  expect(html`<p title="${'"\'`'}">${[inner, inner]}${undefined}${7}</p>`.text).toBe(
    '<p title="&quot;&#39;&#96;"><i>&lt;</i><i>&lt;</i>7</p>',
  );
});
