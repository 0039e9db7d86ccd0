import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { type OwnerApp, startOwnerApp } from '../../infra/local/demo/owner-app.ts';
import { openScene, type Scene, type Tenant } from '../integration/scene.ts';
import { launchChromium } from './chromium.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const pictures = join(import.meta.dirname, '..', '..', 'test-artifacts');
const phone = { width: 390, height: 844 };
const desktop = { width: 1280, height: 800 };

const launched = await launchChromium();
if (typeof launched === 'string') {
  test('a real Chromium can run', ({ skip }) => {
    if (process.env.CI) throw new Error(launched);
    console.warn(launched);
    skip(launched);
  });
} else walk(launched);

function walk(browser: Browser) {
  let scene: Scene;
  let acme: Tenant;
  let app: OwnerApp;
  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    scene = await openScene();
    acme = await scene.tenant('acme');
    app = await startOwnerApp({ hub: { url: scene.hub.url, tenant: acme.id, key: acme.key } });
    const key = scene.hub.operatorKey;
    await scene.ask(`PATCH ${acme.path}`, { key, body: { name: 'Acme', returnUrls: [app.returnUrl] } });
  });
  afterAll(async () => {
    await Promise.all([browser.close(), app.stop()]);
    await scene.stop();
  });

  async function signedIn(
    colorScheme: 'light' | 'dark',
    viewport: { width: number; height: number },
    javaScriptEnabled = true,
  ): Promise<Page> {
    const context = await browser.newContext({ colorScheme, viewport, javaScriptEnabled });
    const page = await context.newPage();
    await page.goto(app.url);
    await page.getByRole('button', { name: 'ada@acme.example' }).click();
    await page.getByRole('button', { name: 'Connect Demo' }).click();
    return page;
  }
  const picture = (page: Page, name: string) =>
    page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true });
  /** A page that scrolls sideways on a phone is broken. */
  const fits = (page: Page) =>
    page.evaluate('document.documentElement.scrollWidth <= document.documentElement.clientWidth');

  test('a person connects: from the app to the hosted page, to the provider, and back, confirmed', async () => {
    const page = await signedIn('light', desktop);
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    expect(page.url()).toContain(`${scene.hub.url}/connect/`);
    await expect.poll(() => page.getByRole('main').textContent()).toContain('Read and write your contacts');
    await picture(page, 'connect');

    await page.getByRole('button', { name: /Continue/ }).click();
    await page.getByRole('button', { name: /Ada Lovelace/ }).click();
    await picture(page, 'consent');
    await page.getByRole('button', { name: 'Allow' }).click();
    await page.waitForURL(`${app.url}/`);
    expect(await page.getByRole('main').textContent()).toMatch(/demo\s*Ada Lovelace\s*active/);
    await picture(page, 'connected');
    expect(complaints).toEqual([]);
  });

  test('the hosted page works on a phone in the dark, by keyboard alone, and can be cancelled', async () => {
    await scene.ask(`DELETE ${acme.path}/connections/demo`, { key: acme.key });
    const page = await signedIn('dark', phone);
    expect(await fits(page)).toBe(true);
    await picture(page, 'connect-phone-dark');
    const reached: string[] = [];
    for (let presses = 0; presses < 6; presses++) {
      await page.keyboard.press('Tab');
      reached.push(String(await page.evaluate('document.activeElement.innerText')));
    }
    expect(reached.join(' ')).toMatch(/Continue.*Cancel/);
    await page.getByRole('button', { name: /Cancel/ }).click();
    await page.waitForURL((url) => url.href.startsWith(app.returnUrl));
    expect(await page.getByRole('main').textContent()).toContain('Nothing was connected');
  });

  test('denying at the provider comes back to the app, which says so', async () => {
    const page = await signedIn('light', phone);
    await page.getByRole('button', { name: /Continue/ }).click();
    await page.getByRole('button', { name: /Grace Hopper/ }).click();
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.waitForURL((url) => url.href.startsWith(app.returnUrl));
    expect(await page.getByRole('main').textContent()).toContain('You did not allow it');
  });

  test('a link that another browser began, and a link that never was, each say what to do next', async () => {
    const first = await signedIn('light', desktop);
    const link = first.url();
    await first.getByRole('button', { name: /Continue/ }).click();

    const stranger = await (await browser.newContext({ viewport: phone, colorScheme: 'dark' })).newPage();
    expect((await stranger.goto(link))?.status()).toBeGreaterThanOrEqual(400);
    expect(await fits(stranger)).toBe(true);
    await picture(stranger, 'wrong-browser-phone-dark');

    const nowhere = await (await browser.newContext({ viewport: desktop })).newPage();
    expect((await nowhere.goto(`${scene.hub.url}/connect/cs_none.nothing`))?.status()).toBe(404);
    expect(await nowhere.getByRole('heading', { level: 1 }).textContent()).not.toBe('');
    await picture(nowhere, 'link-invalid');
  });

  test('a person connects with a key, with scripts switched off: a wrong one is explained where it was entered', async () => {
    await scene.ask(`DELETE ${acme.path}/connections/demo`, { key: acme.key });
    const page = await signedIn('light', phone, false);
    await page.getByRole('link', { name: /API key/ }).click();
    await page.getByRole('button', { name: /Connect Demo/ }).waitFor();
    await page.getByLabel('API key').fill('demo-key-nobody');
    await page.getByRole('button', { name: /Connect Demo/ }).click();
    expect(await page.getByRole('alert').textContent()).toContain('did not accept this');
    expect(await page.getByLabel('API key').inputValue()).toBe(''); // a secret is never sent back
    expect(await fits(page)).toBe(true);
    await picture(page, 'key-refused-phone');

    await page.getByLabel('API key').fill('demo-key-ada');
    await page.getByRole('button', { name: /Connect Demo/ }).click();
    await page.waitForURL(`${app.url}/`);
    expect(await page.getByRole('main').textContent()).toMatch(/demo\s*Ada Lovelace\s*active/);
  });

  test('the operator signs in to the console with scripts switched off, on this computer without https, and disconnects', async () => {
    const context = await browser.newContext({ viewport: phone, javaScriptEnabled: false });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    await page.goto(`${scene.hub.url}/console/tenants/acme`);
    await page.getByLabel('Operator key').fill(scene.hub.operatorKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    expect(page.url()).toBe(`${scene.hub.url}/console/tenants/acme`); // the page that was wanted
    expect(await fits(page)).toBe(true);

    await page.getByRole('link', { name: 'demo', exact: true }).first().click();
    await page.getByRole('link', { name: 'Disconnect …' }).click();
    await page.getByRole('button', { name: 'Disconnect: demo' }).click();
    expect(await page.getByRole('main').textContent()).toContain('revocation_pending');
    await page.getByRole('link', { name: 'acme' }).click();
    expect(await page.getByRole('main').textContent()).toMatch(/connection\.disconnected\s*operator/);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.goto(`${scene.hub.url}/console/tenants/acme`);
    expect(await page.getByLabel('Operator key').isVisible()).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });
}
