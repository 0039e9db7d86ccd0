import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openBrowser } from '../../infra/local/demo/browser.ts';
import { type DemoProvider, startDemoProvider } from '../../infra/local/demo/provider.ts';
import type { Arrived } from '../../infra/local/demo/rehearsal.ts';
import { startThirdParties } from '../../infra/local/demo/third-parties.ts';
import { startHub } from '../../infra/local/hub.ts';
import { synthesize } from '../../infra/local/synth.ts';

/** What a test reads of an answer; each has some of it. */
export interface Body {
  readonly id: string;
  readonly key: string;
  readonly secret?: string;
  readonly url: string;
  readonly status: string;
  readonly code: string;
  readonly detail: string;
  readonly name: string;
  readonly type: string;
  readonly provider: string;
  readonly outcome: string;
  readonly result: Body;
  readonly account: { readonly id: string; readonly name?: string };
  readonly attempts: readonly { readonly at: string; readonly ms: number; readonly status?: number }[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly items: readonly Body[];
  readonly cursor?: string;
}

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: Body;
}

export interface Tenant {
  readonly id: string;
  readonly key: string;
  readonly path: `/v1/tenants/${string}`;
}

export type Scene = Awaited<ReturnType<typeof openScene>>;
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export const RETURN_URL = 'http://127.0.0.1:9/back';

/** Returns a whole hub of the real template on free ports, with the demo provider and a small GitHub beside it; its
 *  schedules fire only when told. */
export async function openScene({
  demo: given,
  ...options
}: {
  readonly longestVisibilityS?: number;
  /** Default: one is started. */
  readonly demo?: DemoProvider;
} = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-test-'));
  const [demo, thirdParties] = await Promise.all([given ?? startDemoProvider(), startThirdParties()]);
  const hub = await startHub({
    assembly: () => synthesize(join(folder, 'cdk.out')),
    providers: { ...demo.providers, ...thirdParties.providers },
    ...options,
  });

  async function ask(
    route: `${Method} /${string}`,
    { key, body, headers }: { key?: string; body?: unknown; headers?: Record<string, string> } = {},
  ): Promise<Answer> {
    const [method = '', path = ''] = route.split(' ');
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(hub.url + path, {
      method,
      headers: {
        ...(key && { authorization: `Bearer ${key}` }),
        ...(text !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      body: text,
    });
    const answer = await response.text();
    const type = response.headers.get('content-type') ?? '';
    return { status: response.status, type, body: type.includes('json') ? JSON.parse(answer) : answer };
  }

  async function tenant(id: string): Promise<Tenant> {
    const key = hub.operatorKey;
    await ask('POST /v1/tenants', { key, body: { id, name: id, returnUrls: [RETURN_URL] } });
    const issued = await ask(`POST /v1/tenants/${id}/keys`, { key, body: {} });
    return { id, key: issued.body.key, path: `/v1/tenants/${id}` };
  }

  const beginSession = ({ path, key }: Tenant, more: object = {}) =>
    ask(`POST ${path}/connect-sessions`, {
      key,
      body: { provider: 'demo', endUser: 'ada@acme.example', returnUrl: RETURN_URL, ...more },
    });

  /** The end user's part: from the link to the return URL; `answer` is what came with it. */
  async function goThrough(link: string, person = 'Ada Lovelace', decision = 'Allow', browser = openBrowser()) {
    const hosted = await browser.visit(link);
    const first = await browser.press(hosted, 'Continue');
    const back = { stopAt: RETURN_URL };
    const last = first.html.includes('Authorize')
      ? await browser.press(first, 'Authorize', back)
      : await browser.press(await browser.press(first, person), decision, back);
    return { browser, page: last, answer: URL.parse(last.url)?.searchParams ?? new URLSearchParams() };
  }

  async function connect(owner: Tenant, provider = 'demo', person = 'Ada Lovelace'): Promise<Answer> {
    const session = await beginSession(owner, { provider });
    const { answer } = await goThrough(session.body.url, person);
    const body = { ticket: answer.get('ticket'), endUser: 'ada@acme.example' };
    return ask(`POST ${owner.path}/connect-sessions/${session.body.id}/confirm`, { key: owner.key, body });
  }

  async function rehearse(path: '/_faults' | '/_expire' | '/_reset', fault?: object) {
    await fetch(demo.apiUrl + path, { method: 'POST', ...(fault && { body: JSON.stringify(fault) }) });
  }

  return {
    hub,
    demo,
    thirdParties,
    ask,
    tenant,
    beginSession,
    goThrough,
    connect,
    rehearse,
    arrivals: async () => (await (await fetch(`${demo.apiUrl}/_log`)).json()) as Arrived[],
    /** What functions wrote that is an error, as one line each. */
    errors: () =>
      hub
        .logs()
        .filter(({ entry, text }) => entry?.level === 'ERROR' || (!entry && /error/i.test(text)))
        .map((line) => `${line.function} ${line.text}`),
    async stop() {
      await hub.stop();
      await Promise.all([demo.stop(), thirdParties.stop()]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
