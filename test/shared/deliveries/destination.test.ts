import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { openNetwork } from '../../../shared/core/fetch.ts';
import { checkDestination } from '../../../shared/deliveries/destination.ts';
import { privateHosts } from '../../support/private-hosts.ts';
import { openDeliveries, resolving } from './world.ts';

const refusal = async (url: string, ports = resolving('93.184.216.34')) => {
  const judged = await checkDestination(url, ports);
  return judged.ok ? `allowed: ${judged.value}` : judged.error.message;
};
const said = await refusal('not a url');

describe('where a subscription may have events sent (D-19)', () => {
  test('E-02, E-03: 5,000 spellings of private addresses are refused, all in the same words (E-06)', async () => {
    const answers = await Promise.all(privateHosts(5_000).map((host) => refusal(`https://${host}/`)));
    expect(new Set(answers)).toEqual(new Set([said]));
  });

  test.each([
    'http://app.example.com/hook',
    'https://app.example.com:22/',
    'https://app.example.com:8080/',
    'https://user@app.example.com/',
    'https://user:secret@app.example.com/',
    'ftp://app.example.com/',
    'file:///etc/passwd',
    'javascript:alert(1)',
    '//app.example.com/',
    'https://[::1]/',
    'https://[fd00:ec2::254]/',
    'https://[64:ff9b::a9fe:a9fe]/',
    'https://[fe80::1]/',
    'https://１２７.０.０.１/',
    '',
  ])('%s is refused', async (url) => {
    expect(await refusal(url)).toBe(said);
  });

  test.each([
    [['169.254.169.254']],
    [['93.184.216.34', '10.0.0.1']],
    [['93.184.216.34', '::ffff:127.0.0.1']],
    [['fd00:ec2::254']],
    [[]],
  ])('E-02: a name that leads to %j is refused: one private address is enough', async (addresses) => {
    expect(await refusal('https://app.example.com/', resolving(...addresses))).toBe(said);
  });

  test('a name that cannot be resolved is refused in the same words', async () => {
    const addressesOf = () => Promise.reject(new Error('ENOTFOUND'));
    expect(await refusal('https://nowhere.example/', { loopback: false, addressesOf })).toBe(said);
  });

  test('a public one is allowed, in one spelling', async () => {
    expect(await refusal('https://APP.example.com:443/hook?to=a#part')).toBe(
      'allowed: https://app.example.com/hook?to=a',
    );
    expect(await refusal('https://app.example.com:8443/')).toBe('allowed: https://app.example.com:8443/');
  });

  test('the local stage reaches this computer in plain http, and nothing private beside it', async () => {
    const local = { ...resolving(), loopback: true };
    expect(await refusal('http://127.0.0.1:9001/hook', local)).toBe('allowed: http://127.0.0.1:9001/hook');
    const here = said.replace(/\.$/, '; in the local stage also http://127.0.0.1:<port>.');
    expect(await refusal('http://10.0.0.1/', local)).toBe(here);
    expect(await refusal('https://169.254.169.254/', local)).toBe(here);
  });
});

describe('at every attempt', () => {
  const servers: ReturnType<typeof createServer>[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  test('E-02, E-06: a name that leads inside by now is not connected to, and its delivery says no more than that', async () => {
    let reached = 0;
    const server = createServer((_, response) => {
      reached += 1;
      response.end();
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;

    const hub = await openDeliveries();
    const subscription = await hub.store.subscriptions.get(hub.id);
    if (!subscription) throw new Error('no subscription');
    // The name in the row stands for one whose owner has turned it round since.
    const inside = { ...subscription, url: `https://localhost:${port}/`, version: subscription.version + 1 };
    await hub.store.subscriptions.save(inside);
    const event = await hub.tell();
    await hub.receive(event, { send: openNetwork({ loopback: false }) });

    const delivery = await hub.deliveries.get(event);
    expect(delivery?.attempts).toEqual([{ atMs: hub.moment.nowMs, ms: 0, error: 'blocked' }]);
    expect(reached).toBe(0);
  });
});
