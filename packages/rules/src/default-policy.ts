/**
 * The policy that holds where nobody wrote one: deploy/examples/policy.yaml, word for word (a test compares them), so that a
 * stack without any file beside it starts.
 */
export const DEFAULT_POLICY = `# The policy that rules-engine serves when it is given none: machines with a hardware record that allows it boot their
# installation environment (OSIE or HookOS), every other machine is left alone.
apiVersion: reboots/v1
kind: BootPolicy

profiles:
  # A kernel and an initrd from the record, or the site's Hook for the architecture of the machine.
  hook:
    linux:
      kernel: >-
        {{ urlJoin(machine.netboot.osie.baseUrl.orElse(site.osieUrl), machine.netboot.osie.kernel.orElse(
        site.kernelName + "-" + kernelArch(machine.arch, client.firmware))) }}
      initrd:
        - >-
          {{ urlJoin(machine.netboot.osie.baseUrl.orElse(site.osieUrl), machine.netboot.osie.initrd.orElse(
          site.initrdName + "-" + kernelArch(machine.arch, client.firmware))) }}
      # An item that comes out empty is left out; an item that is one list becomes as many arguments.
      args:
        - '{{ machine.facility == "" ? "" : "facility=" + machine.facility }}'
        - '{{ site.syslogHost == "" ? "" : "syslog_host=" + site.syslogHost }}'
        - '{{ site.tinkServer == "" ? "" : "grpc_authority=" + site.tinkServer }}'
        - tinkerbell_tls={{ site.tinkTls }}
        - tinkerbell_insecure_tls={{ site.tinkInsecureTls }}
        - worker_id={{ machine.agentId.orElse(client.mac) }}
        - hw_addr={{ client.mac }}
        - '{{ machine.interface.vlanId == "" ? "" : "vlan_id=" + machine.interface.vlanId }}'
        - modules=loop,squashfs,sd-mod,usb-storage
        - intel_iommu=on
        - iommu=pt
        - >-
          initrd={{ basename(machine.netboot.osie.initrd.orElse(
          site.initrdName + "-" + kernelArch(machine.arch, client.firmware))) }}
        - console=tty0
        - '{{ kernelArch(machine.arch, client.firmware) == "aarch64" ? "console=ttyAMA0,115200" : "console=ttyS0,115200" }}'
        - console=ttyS1,115200
        - '{{ site.registry.host == "" ? "" : "docker_registry=" + site.registry.host }}'
        - '{{ site.registry.username == "" ? "" : "registry_username=" + site.registry.username }}'
        - '{{ site.registry.password == "" ? "" : "registry_password=" + site.registry.password }}'
        - '{{ site.extraKernelArgs }}'
        # Last, because of two values for one argument the last counts.
        - '{{ machine.netboot.osie.kernelParams }}'

  # The record names a script of its own, or holds one.
  record-url:
    chain: '{{ machine.netboot.ipxe.url }}'
  record-script:
    ipxe:
      recordScript: true

# Tried in this order; the first that is true decides.
rules:
  - name: netboot-not-allowed
    when: machine.known && !machine.netboot.allowPxe
    then: { deny: netboot is not allowed in the hardware record }

  - name: script-url-in-record
    when: machine.known && machine.netboot.ipxe.url != ""
    then: { boot: record-url }

  - name: script-in-record
    when: machine.known && machine.netboot.ipxe.contents != ""
    then: { boot: record-script }

  - name: known-machine
    when: machine.known
    then: { boot: hook }

otherwise: { ignore: the machine has no hardware record }

tests:
  - name: a machine without a record is left alone
    expect: ignore
    rule: otherwise

  - name: a record that says nothing about netboot does not allow it
    given: { machine: { id: a } }
    expect: { deny: netboot is not allowed in the hardware record }

  - name: an allowed machine boots Hook
    given: { machine: { id: a, netboot: { allowPxe: true } } }
    expect: { boot: hook }
    rule: known-machine

  - name: whatever its firmware
    given: { client: { arch: 0 }, machine: { netboot: { allowPxe: true } } }
    expect: { boot: hook }

  - name: its own script URL comes before its own script
    given: { machine: { netboot: { allowPxe: true, ipxe: { url: 'http://192.0.2.1/a.ipxe', contents: '#!ipxe' } } } }
    expect: { boot: record-url }

  - name: its own script comes before Hook
    given: { machine: { netboot: { allowPxe: true, ipxe: { contents: '#!ipxe' } } } }
    expect: { boot: record-script }

  - name: its own script does not make up for a missing permission
    given: { machine: { netboot: { ipxe: { url: 'http://192.0.2.1/a.ipxe' } } } }
    expect: deny
`
