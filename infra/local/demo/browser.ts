// A browser without a screen: cookies, redirects and forms, as a person's browser has them; no scripts.

export interface Page {
  readonly url: string;
  readonly status: number;
  readonly headers: Headers;
  readonly html: string;
  /** What a reader sees, on one line. */
  readonly text: string;
}

export type Browser = ReturnType<typeof openBrowser>;

/** Returns a browser with an empty cookie jar. */
export function openBrowser() {
  // By host, not by port: so do the browsers (RFC 6265 §8.5).
  const jar = new Map<string, Map<string, string>>();

  /** Returns the page where the redirects end; one to a URL that begins with `stopAt` is not followed. */
  async function visit(url: string, init: RequestInit = {}, { stopAt }: { readonly stopAt?: string } = {}) {
    let target = new URL(url);
    let request = init;
    for (let hop = 0; hop < 20; hop++) {
      const cookies = [...(jar.get(target.hostname) ?? [])].map(([name, value]) => `${name}=${value}`).join('; ');
      const headers = { ...(request.headers as Record<string, string>), ...(cookies && { cookie: cookies }) };
      const response = await fetch(target, { ...request, headers, redirect: 'manual' });
      keep(target.hostname, response.headers.getSetCookie());
      const location = response.headers.get('location');
      const to = location && response.status >= 300 && response.status < 400 ? new URL(location, target) : undefined;
      if (!to || (stopAt && to.href.startsWith(stopAt))) {
        return pageOf(to?.href ?? target.href, response, await response.text());
      }
      await response.body?.cancel();
      target = to;
      request = {}; // 302 and 303 go on as GET
    }
    throw new Error(`too many redirects, the last to ${target.origin}${target.pathname}`);
  }

  function keep(host: string, setCookies: readonly string[]) {
    const cookies = jar.get(host) ?? new Map<string, string>();
    jar.set(host, cookies);
    for (const line of setCookies) {
      const [pair = '', ...attributes] = line.split(/;\s*/);
      const name = pair.slice(0, pair.indexOf('='));
      const ended = attributes.some((each) => /^max-age=0$/i.test(each) || pastDate(each));
      if (ended) cookies.delete(name);
      else cookies.set(name, pair.slice(name.length + 1));
    }
  }

  return {
    visit,

    /** Presses the button with this label, in its form with these fields filled in, and follows where it leads. */
    press(
      page: Page,
      label: string,
      { fill = {}, ...options }: { readonly stopAt?: string; readonly fill?: Readonly<Record<string, string>> } = {},
    ): Promise<Page> {
      const form = formWith(page, label);
      if (!form) throw new Error(`no button "${label}" on the page "${page.text.slice(0, 80)}"`);
      for (const [name, value] of Object.entries(fill)) form.fields.set(name, value);
      const headers = { origin: new URL(page.url).origin, 'content-type': 'application/x-www-form-urlencoded' };
      const init = { method: 'POST', headers, body: form.fields.toString() };
      return visit(new URL(form.action, page.url).href, init, options);
    },

    /** The names of the cookies held for a host. */
    cookieNames: (host: string) => [...(jar.get(host)?.keys() ?? [])],
  };
}

function pastDate(attribute: string): boolean {
  const [, date] = /^expires=(.*)$/i.exec(attribute) ?? [];
  return date !== undefined && Date.parse(date) <= Date.now();
}

function pageOf(url: string, response: Response, html: string): Page {
  const shown = html.replace(/<(style|title)[\s\S]*?<\/\1>/g, ' ').replace(/<[^>]*>/g, ' ');
  return {
    url,
    status: response.status,
    headers: response.headers,
    html,
    text: unescaped(shown).replace(/\s+/g, ' ').trim(),
  };
}

function formWith(page: Page, label: string) {
  for (const [, attributes = '', inside = ''] of page.html.matchAll(/<form([^>]*)>([\s\S]*?)<\/form>/g)) {
    const buttons = [...inside.matchAll(/<button([^>]*)>([\s\S]*?)<\/button>/g)];
    const button = buttons.find(([, , text = '']) =>
      unescaped(text.replace(/<[^>]*>/g, ' '))
        .trim()
        .startsWith(label),
    );
    if (!button) continue;
    const fields = new URLSearchParams();
    for (const [, input = ''] of inside.matchAll(/<input([^>]*)>/g)) {
      fields.set(attribute(input, 'name'), attribute(input, 'value'));
    }
    const name = attribute(button[1] ?? '', 'name');
    if (name) fields.set(name, attribute(button[1] ?? '', 'value'));
    return { action: attribute(attributes, 'action'), fields };
  }
  return undefined;
}

function attribute(text: string, name: string): string {
  return unescaped(new RegExp(`\\s${name}="([^"]*)"`).exec(text)?.[1] ?? '');
}

const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string): string {
  return text
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)))
    .replace(/&#x([0-9a-f]+);/gi, (_, code) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&(\w+);/g, (entity, name) => named[name] ?? entity);
}
