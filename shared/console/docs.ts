import type { HubError } from '../core/errors.ts';
import { type Html, html, type Page } from '../core/html.ts';
import type { OpenApi, Operation, Parameter, Response } from './openapi.ts';
import { style } from './style.ts';

/** Returns the API description as a page to read: no script, one section for each feature. */
export function docsPage(api: OpenApi): Page {
  const operations = Object.entries(api.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ route: `${method.toUpperCase()} ${path}`, operation })),
  );
  return {
    title: `${api.info.title} API`,
    style,
    body: html`<header><h1>${api.info.title} API</h1><p>${api.info.description}</p>
<p>Version ${api.info.version} · <a href="/openapi.json">openapi.json</a> (OpenAPI ${api.openapi})</p></header>
<nav aria-label="Features"><ul>${api.tags.map(({ name }) => html`<li><a href="#${name}">${name}</a></li>`)}</ul></nav>
<main>${api.tags.map(({ name, description }) => {
      const own = operations.filter(({ operation }) => operation.tags.includes(name));
      return html`<section aria-labelledby="${name}"><h2 id="${name}">${name}</h2><p>${description}</p>
${own.map(({ route, operation }) => section(route, operation))}</section>`;
    })}</main>`,
  };
}

/** Returns the page of an error: with nothing to read from, that is a bug alone. */
export function failedPage(error: HubError | undefined, requestId: string): Page {
  const says = error?.message ?? 'Something broke in the hub. Try again; if it fails again, tell the operator.';
  return {
    title: 'Patchbay',
    style,
    body: html`<main><h1>This page cannot be shown</h1><p>${says} <code>${requestId}</code></p></main>`,
  };
}

function section(route: string, operation: Operation): Html {
  const { operationId, summary, description, parameters, requestBody, responses } = operation;
  const body = requestBody?.content['application/json'];
  return html`<article id="${operationId}"><h3><code>${route}</code></h3><p>${summary}. ${description}</p>
${parameters.length > 0 ? parameterTable(route, parameters) : undefined}
${body && shown('Request body', body.schema, body.example)}
<h4>Answers</h4><dl>${Object.entries(responses).map(([status, response]) => answer(status, response))}</dl></article>`;
}

function parameterTable(route: string, parameters: readonly Parameter[]): Html {
  return html`<div class="wide" tabindex="0" role="region" aria-label="Parameters of ${route}"><table><thead><tr><th scope="col">Parameter</th><th scope="col">In</th><th scope="col">What it takes</th></tr></thead>
<tbody>${parameters.map(
    ({ name, in: place, required, description, schema }) =>
      html`<tr><td><code>${name}</code>${required ? '' : ' (optional)'}</td><td>${place}</td><td>${description ?? ''} <code>${JSON.stringify(schema)}</code></td></tr>`,
  )}</tbody></table></div>`;
}

function answer(status: string, { description, content = {} }: Response): Html {
  const body = content['application/json'];
  return html`<div><dt>${status}</dt><dd>${description.split('\n\n').map((line) => html`<p>${line.replaceAll('`', '')}</p>`)}
${body && shown('Body', body.schema, body.example)}</dd></div>`;
}

function shown(title: string, schema: unknown, example: unknown): Html {
  const sample = example !== undefined && html`<pre tabindex="0">${JSON.stringify(example, null, 2)}</pre>`;
  return html`<details><summary>${title}</summary>${sample || undefined}
<details><summary>JSON Schema</summary><pre tabindex="0">${JSON.stringify(schema, null, 2)}</pre></details></details>`;
}
