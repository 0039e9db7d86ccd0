import type { Context } from 'aws-lambda';

/** Returns the ids of a message or event that says which request it comes from, to be worked on under that one's; of one
 *  that does not, the invocation's own. */
export function traced(
  requestId: string | undefined,
  { awsRequestId }: Context,
): { readonly requestId: string; readonly invocation?: string } {
  return requestId === undefined ? { requestId: awsRequestId } : { requestId, invocation: awsRequestId };
}
