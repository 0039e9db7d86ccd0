import * as z from 'zod';
import { parseJson } from '../core/json.ts';

/** Who runs the hub, as its pages name and colour it. */
export const Owner = z.strictObject({
  name: z.string().trim().min(1).max(80),
  /** An accent, `#rrggbb`. */
  colour: z
    .string()
    .regex(/^#[0-9a-f]{6}$/i, 'a colour, #rrggbb')
    .default('#2f5bea'),
  logoUrl: z.url({ protocol: /^https$/ }).optional(),
  supportUrl: z.url({ protocol: /^(https|mailto)$/ }).optional(),
});
export type Owner = z.infer<typeof Owner>;

/** Returns the owner from the setting OWNER; throws at cold start when it does not fit. */
export function readOwner(setting: string): Owner {
  return Owner.parse(parseJson(setting));
}

/** Returns the text colour with the greater contrast on `colour`; at least 4.5:1 for every colour (WCAG 2.2, 1.4.3). */
export function inkOn(colour: string): '#ffffff' | '#000000' {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const share = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return 1.05 / (luminance + 0.05) >= (luminance + 0.05) / 0.05 ? '#ffffff' : '#000000';
}
