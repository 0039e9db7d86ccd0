import { describe, expect, it } from 'vitest';
import { catalogue } from '../../../shared/providers/catalogue.ts';
import { demoSyncs } from '../../../shared/providers/demo/syncs.ts';
import { githubSyncs } from '../../../shared/providers/github/syncs.ts';
import { fits } from '../../../shared/providers/handlers.ts';
import { slackSyncs } from '../../../shared/providers/slack/syncs.ts';
import type { Sync } from '../../../shared/providers/syncs.ts';
import { type Sample, samplesOf } from '../../support/samples.ts';
import { asking } from '../../support/sync.ts';

const issue = (id: number, updated_at: string, more: object = {}) => ({
  ...{ id, number: id, title: `Issue ${id}`, state: 'open', html_url: `https://github.com/o/r/issues/${id}` },
  ...{ created_at: '2026-01-01T00:00:00Z', updated_at, user: { login: 'ada' }, repository: { full_name: 'o/r' } },
  ...more,
});

/** For syncs that run only once something is chosen. */
const sampleSettings: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'demo/live-contacts': { windowS: 20 },
  'discord/messages': { channels: ['1000000000001', '1000000000002'] },
  'notion/rows': { dataSource: '0123456789abcdef0123456789abcdef' },
  'slack/messages': { channels: ['C0123456789'] },
};

/** Types as the providers' pages list them, beside those that the samples show. */
const documented: Readonly<Record<string, readonly string[]>> = {
  github: ['issue_comment.created', 'repository.created', 'installation_repositories.added'],
  google: ['not_exists', 'add', 'remove', 'update', 'untrash', 'change'],
  hubspot: ['company.creation', 'deal.propertyChange', 'object.creation'],
  microsoft: ['missed'],
  notion: ['data_source.content_updated'],
  slack: [
    ...['channel_created', 'channel_rename', 'channel_archive', 'channel_unarchive', 'channel_deleted'],
    ...['user_change', 'team_join'],
  ],
  stripe: ['v1.customer.created', 'v1.customer.subscription.updated', 'v1.invoice.paid', 'v1.payment_intent.succeeded'],
  twilio: ['sent', 'failed', 'undelivered'],
  // The older shape; of CloudEvents there are samples.
  quickbooks: ['Customer.Update', 'Invoice.Update', 'Payment.Create'],
};
const typesOf = ({ expect: { events = [] } }: Sample) => events.map(({ type }) => type);

describe.each(
  Object.values(catalogue).flatMap(({ provider, syncs }) =>
    Object.entries(syncs).map(([name, sync]) => ({ id: provider.id, name, sync })),
  ),
)('the sync $id/$name', ({ id, name, sync }: { id: string; name: string; sync: Sync }) => {
  const asked = asking(sync, { settings: sampleSettings[`${id}/${name}`] });

  it('asks without a checkpoint for everything, of an address that the provider has', () => {
    const { path, base, link } = asked.request();
    expect(path).toMatch(/^(\/[\w.-]+)+$/);
    expect(link).toBeUndefined();
    if (base !== undefined) expect(catalogue[id]?.provider.api.bases).toHaveProperty(base);
  });

  it.each([null, 'text', 7, [], [{}], { items: 'x' }, { ok: true }])(
    'does not take %j for a page of records',
    (body) => {
      const read = () => asked.page({ body }).records;
      try {
        expect(read()).toEqual([]); // an empty list is one
        expect(body === null || typeof body === 'object').toBe(true);
      } catch (error) {
        expect(error).toHaveProperty('issues'); // the schema's refusal
      }
    },
  );

  it('is never asked for more often than each minute, or than its provider wants', () => {
    expect(sync.everyS).toBeGreaterThanOrEqual(sync.leastS ?? 60);
  });

  it('counts under a limit that is declared', () => {
    const limits = catalogue[id]?.provider.limits.map(({ action }) => action);
    if (sync.limitedAs) expect(limits).toContain(sync.limitedAs);
  });

  it('is made due by events that the provider sends, under the names that they come by', () => {
    const named = [...(documented[id] ?? []), ...(catalogue[id]?.webhooks ? samplesOf(id) : []).flatMap(typesOf)];
    for (const pattern of sync.nudgedBy ?? []) {
      expect(
        named.filter((type) => fits(pattern, type)),
        `${pattern} among ${named}`,
      ).not.toEqual([]);
    }
  });
});

describe('demo contacts', () => {
  const contacts = asking(demoSyncs.contacts);
  const item = (id: string, updatedAt: string, more: object = {}) => ({
    id,
    name: id,
    email: `${id}@x`,
    updatedAt,
    ...more,
  });

  it('go on by cursor within a run, from the checkpoint in the next', () => {
    expect(contacts.request({ since: '2026-01-01T00:00:00.000Z', page: 'c2' }).query).toEqual({
      limit: '100',
      updated_since: '2026-01-01T00:00:00.000Z',
      cursor: 'c2',
    });
  });

  it('give records, tombstones, the next page and the last time', () => {
    const items = [item('a', '2026-01-01T00:00:00.000Z'), item('b', '2026-01-02T00:00:00.000Z', { deleted: true })];
    expect(contacts.page({ body: { items, next: 'c2' }, headers: {} })).toMatchObject({
      records: [
        { id: 'a', deleted: false, data: { name: 'a', email: 'a@x' } },
        { id: 'b', deleted: true },
      ],
      next: 'c2',
      checkpoint: '2026-01-02T00:00:00.000Z',
    });
  });

  it('end with an empty page, without a checkpoint of its own', () => {
    expect(contacts.page({ body: { items: [], next: null }, headers: {} })).toEqual({
      records: [],
      next: undefined,
      checkpoint: undefined,
    });
  });
});

describe('github issues', () => {
  const issues = asking(githubSyncs.issues);
  const more = {
    link: '<https://api.github.com/issues?page=2>; rel="next", <https://api.github.com/issues?page=9>; rel="last"',
  };

  it('come oldest change first, also closed ones, from every repository', () => {
    expect(issues.request({ since: '2026-01-01T00:00:00Z' }).query).toEqual({
      ...{ filter: 'all', state: 'all', sort: 'updated', direction: 'asc', per_page: '100', page: '1' },
      since: '2026-01-01T00:00:00Z',
    });
    expect(issues.request({}).query).not.toHaveProperty('since');
  });

  it('begin each page at the last time of the page before, so that nothing slips while the list moves', () => {
    const body = [issue(1, '2026-01-01T00:00:00Z'), issue(2, '2026-01-02T00:00:00Z')];
    const { next, checkpoint } = issues.page({ body, headers: more });
    expect([next, checkpoint]).toEqual(['1@2026-01-02T00:00:00Z', '2026-01-02T00:00:00Z']);
    expect(issues.request({ since: '2025-01-01T00:00:00Z', page: next }).query).toMatchObject({
      since: '2026-01-02T00:00:00Z',
      page: '1',
    });
  });

  it('count pages within one and the same second', () => {
    const body = [issue(1, '2026-01-02T00:00:00Z'), issue(2, '2026-01-02T00:00:00Z')];
    const second = issues.page({ body, headers: more, page: '1@2026-01-02T00:00:00Z' }).next;
    expect(second).toBe('2@2026-01-02T00:00:00Z');
    expect(issues.request({ page: second }).query).toMatchObject({ since: '2026-01-02T00:00:00Z', page: '2' });
    expect(issues.page({ body: [...body, issue(3, '2026-01-03T00:00:00Z')], headers: more, page: second }).next).toBe(
      '1@2026-01-03T00:00:00Z',
    );
  });

  it.each([undefined, '<https://api.github.com/issues?page=1>; rel="prev"'])('end where Link is %s', (link) => {
    const headers: Record<string, string> = link === undefined ? {} : { link };
    expect(issues.page({ body: [issue(1, '2026-01-01T00:00:00Z')], headers }).next).toBeUndefined();
  });

  it('end with an empty page whatever its Link says', () => {
    expect(issues.page({ body: [], headers: more })).toEqual({ records: [], next: undefined, checkpoint: undefined });
  });

  it('leave pull requests out, and still move on past them', () => {
    const body = [issue(1, '2026-01-01T00:00:00Z'), issue(2, '2026-01-02T00:00:00Z', { pull_request: { url: 'x' } })];
    const page = issues.page({ body, headers: {} });
    expect(page.records.map(({ id }) => id)).toEqual(['1']);
    expect(page.checkpoint).toBe('2026-01-02T00:00:00Z');
  });

  it('keep what a reader of issues needs', () => {
    const labels = ['bug', { name: 'help' }];
    const [record] = issues.page({
      body: [issue(1, '2026-01-01T00:00:00Z', { labels, body: null })],
      headers: {},
    }).records;
    expect(record).toMatchObject({
      id: '1',
      updatedAt: '2026-01-01T00:00:00Z',
      data: { title: 'Issue 1', author: 'ada', repository: 'o/r', labels: ['bug', 'help'], body: null, assignees: [] },
    });
  });
});

describe('slack channels', () => {
  const channels = asking(slackSyncs.channels);

  it('are read from the first page each time, whatever the checkpoint', () => {
    expect(channels.request({ since: 'x' })).toEqual(channels.request({}));
    expect(channels.request({ page: 'dXNlcg==' }).query).toMatchObject({ cursor: 'dXNlcg==' });
  });

  it("count under the method's own limit", () => {
    expect(catalogue.slack?.provider.limits.map(({ action }) => action)).toContain(slackSyncs.channels.limitedAs);
  });

  it('end where the cursor is empty', () => {
    const body = (next_cursor: string) => ({
      ok: true,
      channels: [{ id: 'C1', name: 'general' }],
      response_metadata: { next_cursor },
    });
    expect(channels.page({ body: body('n2'), headers: {} }).next).toBe('n2');
    expect(channels.page({ body: body(''), headers: {} }).next).toBeUndefined();
    expect(channels.page({ body: { ok: true, channels: [] }, headers: {} })).toEqual({ records: [], next: undefined });
  });

  it('keep what a reader of channels needs', () => {
    const channel = { id: 'C1', name: 'general', is_archived: true, num_members: 3, topic: { value: 't' }, created: 0 };
    expect(channels.page({ body: { channels: [channel] }, headers: {} }).records).toEqual([
      {
        id: 'C1',
        data: {
          ...{ id: 'C1', name: 'general', archived: true, private: false, member: false, members: 3 },
          ...{ topic: 't', purpose: '', createdAt: '1970-01-01T00:00:00.000Z' },
        },
      },
    ]);
  });
});
