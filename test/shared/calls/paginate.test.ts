import { describe, expect, test } from 'vitest';
import { nextPage, requestOf } from '../../../shared/calls/paginate.ts';
import type { ApiRequest } from '../../../shared/providers/actions.ts';
import { github } from '../../../shared/providers/github/index.ts';
import { hubspot } from '../../../shared/providers/hubspot/index.ts';
import { microsoft } from '../../../shared/providers/microsoft/index.ts';
import { notion } from '../../../shared/providers/notion/index.ts';
import type { Pagination } from '../../../shared/providers/provider.ts';
import { slack } from '../../../shared/providers/slack/index.ts';
import { stripe } from '../../../shared/providers/stripe/index.ts';
import { twilio } from '../../../shared/providers/twilio/index.ts';

const get: ApiRequest = { method: 'GET', path: '/things', query: { limit: 2 } };
const link = (value: string) => ({ link: value });

function following(style: Pagination, request: ApiRequest, body: unknown, headers: Record<string, string> = {}) {
  const next = nextPage(style, request, { body, headers });
  return next && requestOf(request, next);
}

describe('what asks for the next page', () => {
  test('a token, in the query or in the body of a read that has one', () => {
    const body = { paging: { next: { after: '20' } } };
    expect(following(hubspot.api.pagination, get, body)).toEqual({ ...get, query: { limit: 2, after: '20' } });
    const search: ApiRequest = { method: 'POST', path: '/search', json: { query: 'x' } };
    expect(following(hubspot.api.pagination, search, body)).toEqual({ ...search, json: { query: 'x', after: '20' } });
    const form: ApiRequest = { method: 'POST', path: '/list', form: { limit: 2 } };
    const metadata = { response_metadata: { next_cursor: 'c2' } };
    expect(following(slack.api.pagination, form, metadata)).toEqual({ ...form, form: { limit: 2, cursor: 'c2' } });
  });

  test('the last item, while there are more', () => {
    const data = [{ id: 'a' }, { id: 'b' }];
    expect(following(stripe.api.pagination, get, { data, has_more: true })).toEqual({
      ...get,
      query: { limit: 2, starting_after: 'b' },
    });
    expect(following(stripe.api.pagination, get, { data, has_more: false })).toBe(undefined);
    expect(following(stripe.api.pagination, get, { data: [], has_more: true })).toBe(undefined);
  });

  test('the query of an address, whatever its host and path: those stay the call’s (E-01)', () => {
    const nextLink = 'https://evil.example/v1.0/other?$top=2&$skiptoken=x%20y';
    expect(following(microsoft.api.pagination, get, { '@odata.nextLink': nextLink })).toEqual({
      ...get,
      query: { $top: '2', $skiptoken: 'x y' },
    });
    expect(following(twilio.api.pagination, get, { next_page_uri: '/2010-04-01/x.json?Page=1' })).toEqual({
      ...get,
      query: { Page: '1' },
    });
  });

  test.each([
    ['<https://api.github.com/x?page=2>; rel="next", <https://api.github.com/x?page=9>; rel="last"', '2'],
    ['<https://api.github.com/x?page=1>; rel="prev", <https://api.github.com/x?page=3>; rel="next"', '3'],
    ['<https://api.github.com/x?page=4>; title="a, b"; rel=next', '4'],
    ['<https://api.github.com/x?page=5>; rel="last next"', '5'],
    ['<https://api.github.com/x?page=9>; rel="last"', undefined],
    ['<https://api.github.com/x>; rel="next"', undefined],
    ['nonsense', undefined],
  ])('a link header: %s', (header, page) => {
    const next = following(github.api.pagination, get, [], link(header));
    expect(next?.query?.page).toBe(page);
  });

  test('nothing on the last page', () => {
    expect(following(notion.api.pagination, get, { next_cursor: null })).toBe(undefined);
    expect(following(slack.api.pagination, get, { response_metadata: { next_cursor: '' } })).toBe(undefined);
    expect(following(microsoft.api.pagination, get, { value: [] })).toBe(undefined);
    expect(following(twilio.api.pagination, get, null)).toBe(undefined);
    expect(following(github.api.pagination, get, [])).toBe(undefined);
  });
});
