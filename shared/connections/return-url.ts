/** Returns the registered return URL with what the owner's app is told; nothing of the provider's or the browser's. */
export function returnWith(returnUrl: string, told: Readonly<Record<string, string>>): string {
  const url = new URL(returnUrl);
  for (const [name, value] of Object.entries(told)) url.searchParams.set(name, value);
  return url.href;
}
