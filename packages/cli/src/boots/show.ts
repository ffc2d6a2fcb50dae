import type { history } from '@reboots/api'
import { aligned, relative, widthsOf } from '../leases/show.ts'

const DAY_MS = 86_400_000

export const LIST_HEAD = ['MACHINE', 'LAST BOOT', 'PROFILE', 'IN 24 H', 'RUNS', 'FINISHED']

export function listRow({ subject, boots, booted, finished }: history.History, now: Date): string[] {
  const last = boots.at(-1)
  const recent = boots.filter(({ at }) => at !== undefined && at.getTime() > now.getTime() - DAY_MS).length
  const runs = booted !== undefined && (last?.at === undefined || last.at <= booted)
  return [
    subject,
    last?.at === undefined ? '' : relative(last.at, now),
    last?.profile ?? '',
    String(recent),
    runs ? relative(booted, now) : last === undefined ? '' : 'not yet',
    finished.join(', '),
  ]
}

/** Everything that is remembered of one machine. */
export function historyText({ subject, boots, booted, finished, reopened }: history.History, now: Date): string {
  const facts = [
    ['machine', subject],
    ['said that it runs', booted === undefined ? 'never' : both(booted, now)],
    ['finished', finished.length === 0 ? 'nothing' : finished.join(', ')],
    ['reopened', reopened === undefined ? '' : both(reopened, now)],
  ].filter(([, value]) => value !== '')
  const lines = aligned(facts, [18])
  if (boots.length === 0) return [...lines, 'no boots'].join('\n')
  const rows = boots
    .toReversed()
    .map(({ at, profile, rule }) => ['', both(at!, now), profile, `by rule ${JSON.stringify(rule)}`])
  return [...lines, 'boots', ...aligned(rows, widthsOf(rows))].join('\n')
}

function both(date: Date, now: Date): string {
  return `${date.toISOString().replace(/\.\d+Z$/, 'Z')} (${relative(date, now)})`
}

/** As JSON lines have it: times as ISO 8601, null for never. */
export function historyJson({ subject, boots, booted, finished, reopened }: history.History): object {
  return { subject, boots, booted: booted ?? null, finished, reopened: reopened ?? null }
}
