import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { launchChromium } from './chromium.ts';
import { gallery, openGallery } from './gallery.ts';

// Every hosted page in a real browser under its own policy, which lets no script of a page run. Axe is not of the page: it
// comes in by the debugger's door, and needs a browser whose scripts are not switched off; all else is seen without.

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 });

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Where to put pictures of all pages, to be looked at; none are taken unless it is set. */
const pictures = process.env.PATCHBAY_PICTURES;
const screens = { phone: { width: 360, height: 740 }, desktop: { width: 1280, height: 800 } };
/** What is wrong in a colour or at a width does not depend on the other: two looks show both of each. */
const looks = [
  ['phone', 'dark'],
  ['desktop', 'light'],
] as const;
const names = Object.keys(gallery);

const launched = await launchChromium();
if (typeof launched === 'string') {
  test('a real Chromium can run', ({ skip }) => {
    if (process.env.CI) throw new Error(launched);
    console.warn(launched);
    skip(launched);
  });
} else look(launched);

function look(browser: Browser) {
  let opened: Awaited<ReturnType<typeof openGallery>>;
  beforeAll(async () => {
    if (pictures) mkdirSync(pictures, { recursive: true });
    opened = await openGallery();
  });
  afterAll(() => Promise.all([browser.close(), opened.stop()]));

  /** One tab for all of them: a page is looked at, then the next. */
  async function each(options: BrowserContextOptions, see: (page: Page, name: string) => Promise<void>) {
    const context = await browser.newContext({ javaScriptEnabled: false, ...options });
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
    for (const name of names) {
      await page.goto(opened.url(name));
      await see(page, name);
    }
    await context.close();
    expect(complaints).toEqual([]); // the style fits its hash, nothing else is asked for
  }
  const violations = (page: Page) =>
    page.evaluate<string[]>(
      'axe.run(document).then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ": " + html)))',
    );
  const overflows = (page: Page) =>
    page.evaluate<boolean>('document.documentElement.scrollWidth > document.documentElement.clientWidth');

  test('axe finds nothing on any page, light or dark, on a phone or a desktop, and none scrolls sideways', async () => {
    const found: string[] = [];
    await each({ javaScriptEnabled: true }, async (page, name) => {
      await page.evaluate(axe);
      for (const [screen, colorScheme] of looks) {
        await page.setViewportSize(screens[screen]);
        await page.emulateMedia({ colorScheme });
        const look = `${name}, ${screen}, ${colorScheme}`;
        found.push(...(await violations(page)).map((one) => `${look}: ${one}`));
        if (await overflows(page)) found.push(`${look}: scrolls sideways`);
        const file = `${look.replaceAll(/\W+/g, '-')}.png`;
        if (pictures) await page.screenshot({ path: join(pictures, file), fullPage: true });
      }
    });
    expect(found).toEqual([]);
  });

  test('axe does find what is wrong: a field without a name', async () => {
    const page = await browser.newPage();
    await page.setContent('<main><h1>Wrong</h1><input></main>');
    await page.evaluate(axe);
    expect(await violations(page)).toContain('label: <input>');
    await page.close();
  });

  describe('without scripts', () => {
    const found = { at320: [] as string[], enlarged: [] as string[], bare: [] as string[], moving: [] as string[] };
    beforeAll(() =>
      each({}, async (page, name) => {
        await page.setViewportSize({ width: 320, height: 256 });
        if (await overflows(page)) found.at320.push(name);

        await page.setViewportSize(screens.phone);
        await page.evaluate('document.documentElement.style.fontSize = "200%"');
        if (await overflows(page)) found.enlarged.push(name);

        await page.setViewportSize(screens.desktop);
        if ((await page.evaluate('document.getAnimations().length')) !== 0) found.moving.push(name);

        await page.emulateMedia({ forcedColors: 'active' });
        const bare = await page.evaluate<number>(
          '[...document.querySelectorAll("button,input:not([type=hidden]),select")].filter((one) => getComputedStyle(one).borderTopStyle === "none").length',
        );
        if (bare > 0) found.bare.push(name);
        await page.emulateMedia({ forcedColors: 'none' });
      }),
    );

    test('at 320 pixels, as zoom makes of any screen, nothing is cut off or scrolls sideways (WCAG 1.4.10)', () => {
      expect(found.at320).toEqual([]);
    });

    test('letters of twice the size fit (WCAG 1.4.4)', () => {
      expect(found.enlarged).toEqual([]);
    });

    test('with the colours of the system, all that is pressed or filled in keeps an edge', () => {
      expect(found.bare).toEqual([]);
    });

    test('nothing moves', () => {
      expect(found.moving).toEqual([]);
    });
  });

  test('the focus goes from the first button to the last, and each shows where it is', async () => {
    const context = await browser.newContext({ viewport: screens.desktop });
    const page = await context.newPage();
    await page.goto(opened.url('asking'));
    const reached: string[] = [];
    for (let presses = 0; presses < 3; presses++) {
      await page.keyboard.press('Tab');
      reached.push(await page.evaluate<string>('document.activeElement.textContent'));
      expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid');
    }
    expect(reached).toEqual(['Continue to GitHub', 'Cancel', 'Help']);
    await context.close();
  });
}
