import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const installed = [process.env.CHROMIUM_PATH ?? '', '/usr/bin/chromium', '/usr/bin/google-chrome'];

/** Returns a real Chromium: one that is installed, else the one npm brought; or the reason why none runs. */
export async function launchChromium(): Promise<Browser | string> {
  const reasons: string[] = [];
  for (const candidate of [...installed.filter(existsSync).map((path) => async () => path), packaged]) {
    try {
      return await chromium.launch({ executablePath: await candidate(), args: ['--no-sandbox', '--disable-gpu'] });
    } catch (error) {
      reasons.push(error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error));
    }
  }
  return `no Chromium can run here: ${reasons.join('; ')}. Install one, or set CHROMIUM_PATH.`;
}

/** Optional: it exists for Linux x64 alone. Its own libraries are unpacked where Lambda's variable is set. */
async function packaged(): Promise<string> {
  process.env.AWS_EXECUTION_ENV ??= 'AWS_Lambda_nodejs24.x';
  const { default: sparticuz } = await import('@sparticuz/chromium');
  return sparticuz.executablePath();
}
