import type { SerializedIncrementalTest } from '@bufbuild/cel-spec/testdata/tests.js'

/** One case of the official conformance suite, and where it is in it. */
export interface Case {
  readonly file: string
  readonly section: string
  readonly original: SerializedIncrementalTest['original']
}

/** Files, sections or single cases of the suite. */
function isIn(...places: readonly string[]): (the: Case) => boolean {
  return ({ file, section, original }) =>
    [file, `${file}/${section}`, `${file}/${section}/${original.name ?? ''}`].some((place) => places.includes(place))
}

function shown({ expr, value, typeEnv }: Case['original']): string {
  return [expr, JSON.stringify(value ?? ''), JSON.stringify(typeEnv ?? '')].join('\n')
}

function isOfMessages(the: Case): boolean {
  const { container, expr, typeEnv, bindings } = the.original
  if (isIn('proto2', 'proto2_ext', 'proto3', 'enums', 'dynamic', 'wrappers')(the)) return true
  if (the.file === 'namespace') return false
  return (
    container !== undefined ||
    JSON.stringify(bindings ?? '').includes('@type') ||
    /google\.protobuf\.(?!Timestamp|Duration)|TestAllTypes/.test(expr + JSON.stringify(typeEnv ?? ''))
  )
}

function isOfExtensions(the: Case): boolean {
  if (isIn('bindings_ext', 'block_ext', 'encoders_ext', 'macros2', 'math_ext', 'optionals')(the)) return true
  if (isIn('string_ext/format', 'string_ext/format_errors', 'string_ext/quote', 'string_ext/char_at')(the)) return true
  return /\boptional\.|\.charAt\(|\.format\(|strings\.quote/.test(the.original.expr)
}

const isOfMixedTypes = isIn(
  'comparisons/eq_literal/not_eq_list_null',
  'comparisons/eq_literal/not_eq_list_length',
  'comparisons/eq_literal/not_eq_list_false_vs_types',
  'comparisons/eq_literal/not_eq_list_elem_null',
  'comparisons/eq_literal/not_eq_map_null',
  'comparisons/eq_literal/not_eq_map_value_null',
  'comparisons/eq_literal/not_eq_map_false_vs_types',
  'comparisons/eq_literal/eq_mixed_types',
  'comparisons/eq_literal/eq_list_elem_mixed_types',
  'comparisons/eq_literal/eq_map_value_mixed_types',
  'comparisons/in_list_literal/elem_in_mixed_type_list',
  'conversions/dyn/dyn_heterogeneous_list',
  'fields/map_fields/map_key_int64',
  'fields/map_fields/map_value_mix_type',
  'logic/AND/short_circuit_type_left',
  'logic/AND/short_circuit_type_right',
  'logic/OR/short_circuit_type_left',
  'logic/OR/short_circuit_type_right',
  'logic/conditional/mixed_type',
  'macros/all/list_elem_type_shortcircuit',
  'macros/exists/list_elem_type_shortcircuit',
  'macros/exists/list_elem_type_exhaustive',
  'macros/exists/map_key_type_shortcircuit',
  'macros/exists/map_key_type_exhaustive',
  'plumbing/check_inputs/skip_check',
  'type_deductions/flexible_type_parameter_assignment',
)

function isOfZones({ section, original: { expr } }: Case): boolean {
  if (section === 'timestamp_selectors_tz') return true
  return /\.getDayOf(?:Month|Year)\(|\b(?:int|string)\((?:timestamp|duration)\(/.test(expr)
}

function isOfRangeOfTimes(the: Case): boolean {
  return (
    isIn(
      'timestamps/timestamp_range',
      'timestamps/duration_range',
      'timestamps/timestamp_arithmetic/add_time_to_duration',
    )(the) || /\d{7,}Z|\dns\b/.test(the.original.expr)
  )
}

const isOfOddMappings = isIn(
  'fields/map_has',
  'fields/quoted_map_fields',
  'fields/map_fields/map_key_null',
  'fields/map_fields/map_value_repeat_key',
  'macros/exists_one/map_one',
)

const isOfTypes = isIn(
  'conversions/type/type',
  'conversions/type/type_denotation',
  'conversions/type/type_type',
  'timestamps/timestamp_conversions/toType_timestamp',
  'timestamps/timestamp_conversions/type_comparison',
  'timestamps/duration_conversions/toType_duration',
  'timestamps/duration_conversions/type_comparison',
)

const isOfOddNumbers = isIn(
  'comparisons/lt_literal/not_lt_dyn_int_big_lossy_double',
  'comparisons/gt_literal/not_gt_dyn_big_double_int',
  'comparisons/gt_literal/not_gt_double',
  'comparisons/lte_literal/lte_dyn_big_double_int',
  'comparisons/gte_literal/gte_dyn_int_big_lossy_double',
  'conversions/int/double_int_max_range',
  'conversions/int/double_int_min_range',
  'conversions/int/double_range',
  'conversions/uint/double_uint_max_range',
  'integer_math/int64_math/int64_min_negate',
  'integer_math/int64_math/int64_min_negate_div',
)

/**
 * What of CEL is not part of the language of policies, in the words of the README, and how its cases are known: by their place in the
 * suite, or by what is in the expression. The first that fits counts. Whatever is left has to be as the suite says.
 */
export const DECLINED: readonly (readonly [reason: string, fits: (the: Case) => boolean])[] = [
  ['protocol buffer messages, enums and wrappers', isOfMessages],
  [
    'extensions: optional values, `cel.bind`, blocks, macros of two variables, `math`, `base64`, `"…".format()`, `quote()`, `charAt()`',
    isOfExtensions,
  ],
  ['unsigned integers', ({ original }) => /\b(?:\d+|0x[\da-f]+)u\b|\buint\b/i.test(shown(original))],
  ['bytes', (the) => the.section === 'bytes_literals' || /(?:^|[^\w"'])r?b["']|\bbytes\b/i.test(the.original.expr)],
  ['containers, and names with a dot in them', isIn('namespace', 'fields/qualified_identifier_resolution')],
  [
    'names and functions that are not known: refused when read, though `|| true` would decide',
    isIn(
      'basic/variables/unbound_is_runtime_error',
      'basic/functions',
      'parse/receiver_function_names',
      'type_deductions/functions',
    ),
  ],
  ['values of several types in one list, mapping, choice or `&&`: refused when read', isOfMixedTypes],
  [
    '`timestamp()` and `duration()` of anything but a literal text',
    ({ original: { expr } }) => /\b(?:timestamp|duration)\((?!['"])/.test(expr),
  ],
  ['times by time zone, as text or as number; `getDayOfMonth()` and `getDayOfYear()`', isOfZones],
  ['times finer than milliseconds or outside of years 1 to 9999, and `duration + timestamp`', isOfRangeOfTimes],
  ['mappings with keys that are no texts or come twice, `has()` of a literal, fields in backticks', isOfOddMappings],
  ['the types of types and times', isOfTypes],
  ['integers at the ends of 64 bits, where nothing is checked, and `.5` for `0.5`', isOfOddNumbers],
  [
    'further arguments of `replace()` and `split()`',
    ({ original: { expr } }) => /\.(?:replace|split)\([^()]*, -?\d+\)/.test(expr),
  ],
  ['comparing, in a macro, what is in an empty literal list', isIn('macros/all/list_empty')],
]
