/** A remedy: settings that ops publish as a fix for kinds of incidents. Canaried, halted and resumed like a release. */
import { z } from "zod";
import { SettingValue } from "./command.ts";
import { Instant, ProductName, RemedyId, Version } from "./ids.ts";
import { IncidentType } from "./incident.ts";
import { ReleaseStatus, Standing } from "./release.ts";

const content = {
  product: ProductName,
  title: z.string().trim().min(3, "say what it does, in a few words").max(200),
  /** Kinds of incidents that it answers. */
  for: z.array(IncidentType).min(1).max(8),
  /** Settings that the plugin gets; its other settings stay. */
  set: z.record(z.string().min(1).max(64), SettingValue).refine((set) => {
    const n = Object.keys(set).length;
    return n >= 1 && n <= 32;
  }, "between 1 and 32 settings"),
  /** The oldest and the newest version that knows these settings. */
  min_version: Version.optional(),
  max_version: Version.optional(),
};

export const Remedy = z.object({
  id: RemedyId,
  ...content,
  status: ReleaseStatus,
  standing: Standing.nullish(),
  published_by: z.string().max(200),
  published_at: Instant,
  /** Rises with every change of its standing. */
  revision: z.number().int().positive(),
});
export type Remedy = z.infer<typeof Remedy>;

/** `POST /api/ops/remedies`. What it sets is final: another fix is another remedy. */
export const PublishRemedyRequest = z.strictObject(content);
export type PublishRemedyRequest = z.infer<typeof PublishRemedyRequest>;
