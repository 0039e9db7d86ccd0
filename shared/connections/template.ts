import { Secret } from '../core/secret.ts';
import type { ProviderApp } from '../providers/app.ts';
import type { Template } from '../providers/auth.ts';

/** What a template may name: a connection's settings and secrets, the owner's app. */
export type Values = Readonly<Record<string, string | Secret | undefined>>;

const NAMED = /\{([A-Za-z][\w.]*)\}/g;

/** Returns the template with its values, each as `spelled` writes it. Throws where one is missing: nothing half-filled leaves. */
export function fill(template: Template, values: Values, spelled: (text: string) => string = (text) => text): string {
  return template.replace(NAMED, (_, name: string) => {
    const value = Object.hasOwn(values, name) ? values[name] : undefined;
    if (value === undefined) throw new Error(`there is no value for {${name}}`);
    return spelled(value instanceof Secret ? value.reveal() : value);
  });
}

/** Returns a URL's template filled: what is put in stays one part of a host, a path or a query (E-01). */
export function fillUrl(template: Template, values: Values): string {
  return fill(template, values, (text) => {
    if (/^\.{0,2}$/.test(text)) throw new Error('a part of a URL is empty, or a step up'); // no escape keeps dots in place
    return encodeURIComponent(text);
  });
}

/** Returns the names that a template's braces hold. */
export function namesIn(template: Template): string[] {
  return [...template.matchAll(NAMED)].map(([, name = '']) => name);
}

/** Returns what templates may name of the owner's app. */
export function appValues({ clientId, clientSecret }: ProviderApp): Values {
  return {
    'app.clientId': clientId,
    'app.clientSecret': clientSecret === undefined ? undefined : new Secret(clientSecret),
  };
}
