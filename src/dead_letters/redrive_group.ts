/** Whose commits say which dead letters have been dealt with. */
import type { Config } from "../config.ts";

/** The group in which dead letters of the group of KAFKA_GROUP_ID are redriven. */
export function redriveGroup({ kafkaGroupId }: Pick<Config, "kafkaGroupId">): string {
  return `${kafkaGroupId}.redrive`;
}
