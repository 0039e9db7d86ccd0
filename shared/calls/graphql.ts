import { refuse } from '../core/errors.ts';
import { ok, type Result } from '../core/result.ts';
import type { Prepared } from './asked.ts';
import type { GraphqlBody } from './contract.ts';

type Api = { readonly path: string };

/** Returns the request that an operation asks for, of several that of one `turn`; where none is named, the first's, as a
 *  write where any of them is one. A mutation is a write, which is never silently repeated. Errors: `invalid_request`, of
 *  any. GraphQL, September 2025, §2; GraphQL over HTTP, §5.4. */
export function fromGraphql(api: Api, asked: GraphqlBody | readonly GraphqlBody[], turn?: number): Result<Prepared> {
  const all: Prepared[] = [];
  for (const operation of [asked].flat()) {
    const prepared = fromOperation(api, operation);
    if (!prepared.ok) return prepared;
    all.push(prepared.value);
  }
  const one = all[turn ?? 0];
  if (!one) return refuse('invalid_request', 'graphql: one operation at least');
  const writes = turn === undefined && all.some(({ effect }) => effect === 'write');
  return ok(writes ? { ...one, effect: 'write' } : one);
}

function fromOperation({ path }: Api, body: GraphqlBody): Result<Prepared> {
  const operation = operationOf(body.query, body.operationName);
  if (!operation.ok) return operation;
  if (operation.value === 'subscription') {
    return refuse(
      'invalid_request',
      'graphql.query: a subscription is no call; what changes comes by webhooks and syncs',
    );
  }
  return ok({
    request: { method: 'POST', path, json: body },
    effect: operation.value === 'mutation' ? 'write' : 'read',
    action: 'graphql',
  });
}

type Kind = 'query' | 'mutation' | 'subscription';

/** What a document is made of: comments, texts, names, and signs. Commas are as good as spaces (§2.1.5, §2.1.7). */
const TOKEN = /[\s,\uFEFF]+|#[^\n\r]*|"""(?:\\"""|[\s\S])*?"""|"(?:\\.|[^"\\\n\r])*"|[A-Za-z_]\w*|[{}()[\]]|[^\s"#]/gy;

/** Returns the kind of the operation that is run: the one there is, or the named one. */
function operationOf(document: string, name: string | undefined): Result<Kind> {
  const operations: { kind: Kind; name?: string }[] = [];
  let depth = 0;
  /** Within a definition, between its first word and the end of its selection. */
  let inside = false;
  let end = 0;
  let named = false;
  for (const { 0: token, index } of document.matchAll(TOKEN)) {
    end = index + token.length;
    if (/^[\s,\uFEFF#]/.test(token)) continue;
    if ('{(['.includes(token)) {
      if (!inside) {
        if (token !== '{') return unreadable();
        operations.push({ kind: 'query' });
        inside = true;
      }
      depth += 1;
      named = false;
    } else if ('})]'.includes(token)) {
      depth -= 1;
      if (depth < 0) return unreadable();
      if (depth === 0 && token === '}') inside = false;
    } else if (depth === 0 && !inside) {
      if (!/^(query|mutation|subscription|fragment)$/.test(token)) return unreadable();
      if (token !== 'fragment') operations.push({ kind: token as Kind });
      inside = true;
      named = token !== 'fragment';
    } else if (depth === 0 && named) {
      const last = operations.at(-1);
      if (last && /^[A-Za-z_]/.test(token)) last.name = token;
      named = false;
    }
  }
  if (end !== document.length || depth !== 0 || inside) return unreadable();
  const [first, ...others] = operations;
  if (name === undefined && first && others.length === 0) return ok(first.kind);
  const found = operations.filter((one) => one.name !== undefined && one.name === name);
  if (found.length === 1 && found[0]) return ok(found[0].kind);
  return refuse('invalid_request', 'graphql.operationName: the name of one of the operations, where there are several');
}

function unreadable() {
  return refuse('invalid_request', 'graphql.query: this is no GraphQL document of queries and mutations');
}
