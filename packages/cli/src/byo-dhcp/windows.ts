import type { BootModel, Row } from './model.ts'
import {
  byTransport,
  comment,
  decimal5,
  HTTP_BOOT,
  introduction,
  omissions,
  typesOf,
  WHO_IS_FIRMWARE,
  WHO_IS_IPXE,
} from './text.ts'

/** PowerShell for the DHCP server of Windows Server 2012 and later. */
export function windows(model: BootModel): string {
  const { place, script } = model
  const { tftp, http } = byTransport(model)
  const use = 'Run this once as an administrator on the DHCP server.'
  return [
    ...introduction(model, 'the DHCP server of Windows', use).flatMap(say),
    "$ErrorActionPreference = 'Stop'",
    ...where(model),
    '',
    ...say(
      `${WHO_IS_IPXE} This policy has to stay before the others, or iPXE loads itself for ever. Windows cannot look at 175.`,
    ),
    "Add-DhcpServerv4Class -Name 'Reboots iPXE' -Type User -Data 'iPXE'",
    "Add-DhcpServerv4Policy @Where -Name 'Reboots iPXE' -Condition OR -UserClass EQ,'Reboots iPXE' -ProcessingOrder 1",
    setOption('Reboots iPXE', 66, place.tftp),
    setOption('Reboots iPXE', 67, script),
    '',
    ...say(
      `${WHO_IS_FIRMWARE} Windows reads the architecture from option 60, which repeats it; the star stands for the rest of that text.`,
    ),
    ...tftp.flatMap((row, index) => policy(row, 'PXEClient', index + 2, [66, place.tftp])),
    '',
    ...say(HTTP_BOOT),
    'if (-not (Get-DhcpServerv4OptionDefinition -OptionId 60 -ErrorAction SilentlyContinue)) {',
    "  Add-DhcpServerv4OptionDefinition -OptionId 60 -Name 'Vendor class' -Type String",
    '}',
    ...http.flatMap((row, index) => policy(row, 'HTTPClient', tftp.length + index + 2, [60, 'HTTPClient'])),
    '',
    ...omissions(model).flatMap(say),
    '',
  ].join('\n')
}

function say(text: string): string[] {
  return comment('#', text)
}

function where({ place: { subnet } }: BootModel): string[] {
  return subnet === undefined
    ? [...say("For every scope; @{ ScopeId = '192.0.2.0' } is for one."), '$Where = @{}']
    : [...say('For the scope of the machines, which is there already.'), `$Where = @{ ScopeId = '${subnet.network}' }`]
}

function policy(
  row: Row,
  client: 'PXEClient' | 'HTTPClient',
  order: number,
  option: readonly [code: number, value: string],
): string[] {
  const classes = row.types.map(({ type }) => `Reboots ${client} ${decimal5(type)}`)
  const data = row.types.map(({ type }) => `${client}:Arch:${decimal5(type)}`)
  const values = classes.map((name) => `'${name}*'`).join(',')
  return [
    `# ${typesOf(row)}`,
    ...classes.map((name, index) => `Add-DhcpServerv4Class -Name '${name}' -Type Vendor -Data '${data[index]}'`),
    `Add-DhcpServerv4Policy @Where -Name '${nameOf(row)}' -Condition OR -VendorClass EQ,${values} -ProcessingOrder ${order}`,
    setOption(nameOf(row), ...option),
    setOption(nameOf(row), 67, row.file),
  ]
}

function nameOf({ name }: Row): string {
  return `Reboots ${name}`
}

/** Between single quotes PowerShell expands nothing. */
function setOption(policyName: string, option: number, value: string): string {
  return `Set-DhcpServerv4OptionValue @Where -PolicyName '${policyName}' -OptionId ${option} -Value '${value}'`
}
