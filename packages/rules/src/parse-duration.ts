/** Milliseconds of a time as CEL's `duration()` takes it, in whole hours, minutes and seconds: `1h30m`, `90s`. Undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  const match = /^(?=.)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,8})s)?$/.exec(text)
  if (match === null) return undefined
  const [, hours = '0', minutes = '0', seconds = '0'] = match
  return ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000
}
