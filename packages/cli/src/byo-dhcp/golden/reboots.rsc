# Network boot of Reboots by RouterOS 7.16 or later. Save this as reboots.rsc on the router, write the name of
# your DHCP server below, and run: /import reboots.rsc
# Boot files come from TFTP at 192.168.88.1, scripts and HTTP boot from http://192.168.88.1:7080. Do not run
# proxydhcp beside this.
# Every machine that boots from the network gets iPXE; who boots what is decided when iPXE fetches its script.
:local server "dhcp1"

# A matcher without a pool gives addresses to static leases only.
:local pool [/ip dhcp-server get [find name=$server] address-pool]

# The TFTP server, in the header of every answer.
/ip dhcp-server network set [find where address="192.168.88.0/24"] next-server=192.168.88.1

# Second step: iPXE, which says what it is by its user class (77) or by option 175, gets the URL of its
# script. It fills in what stands in ${...} by itself, so this is the same for all machines. This matcher has
# to stay before the others, or iPXE loads itself for ever.
# http://192.168.88.1:7080/ipxe/script/${netX/mac}/auto.ipxe?arch=${platform}-${buildarch}&uuid=${uuid}
/ip dhcp-server option add name="reboots-ipxe" code=67 value=0x687474703a2f2f3139322e3136382e38382e313a373038302f697078652f7363726970742f247b6e6574582f6d61637d2f6175746f2e697078653f617263683d247b706c6174666f726d7d2d247b6275696c64617263687d26757569643d247b757569647d
/ip dhcp-server option sets add name="reboots-ipxe" options="reboots-ipxe"
/ip dhcp-server matcher add name="reboots-ipxe" server=$server address-pool=$pool code=77 matching-type=substring value="iPXE" option-set="reboots-ipxe"

# First step: firmware says its architecture in option 93 and gets iPXE. Option 60 must not be sent to PXE
# firmware, which would then look for a boot server on port 4011. File names end in a zero octet, because some
# firmware reads on without one.
# x86-bios (0), intel-lean-client (5): undionly.kpxe
/ip dhcp-server option add name="reboots-bios" code=67 value=0x756e64696f6e6c792e6b70786500
/ip dhcp-server option sets add name="reboots-bios" options="reboots-bios"
/ip dhcp-server matcher add name="reboots-bios-0" server=$server address-pool=$pool code=93 matching-type=exact value=0x0000 option-set="reboots-bios"
/ip dhcp-server matcher add name="reboots-bios-5" server=$server address-pool=$pool code=93 matching-type=exact value=0x0005 option-set="reboots-bios"
# x86-uefi (6): ipxe-i386.efi
/ip dhcp-server option add name="reboots-uefi-ia32" code=67 value=0x697078652d693338362e65666900
/ip dhcp-server option sets add name="reboots-uefi-ia32" options="reboots-uefi-ia32"
/ip dhcp-server matcher add name="reboots-uefi-ia32-6" server=$server address-pool=$pool code=93 matching-type=exact value=0x0006 option-set="reboots-uefi-ia32"
# x64-uefi (7), ebc (9): ipxe.efi
/ip dhcp-server option add name="reboots-uefi-x64" code=67 value=0x697078652e65666900
/ip dhcp-server option sets add name="reboots-uefi-x64" options="reboots-uefi-x64"
/ip dhcp-server matcher add name="reboots-uefi-x64-7" server=$server address-pool=$pool code=93 matching-type=exact value=0x0007 option-set="reboots-uefi-x64"
/ip dhcp-server matcher add name="reboots-uefi-x64-9" server=$server address-pool=$pool code=93 matching-type=exact value=0x0009 option-set="reboots-uefi-x64"
# arm64-uefi (11): ipxe-arm64.efi
/ip dhcp-server option add name="reboots-uefi-arm64" code=67 value=0x697078652d61726d36342e65666900
/ip dhcp-server option sets add name="reboots-uefi-arm64" options="reboots-uefi-arm64"
/ip dhcp-server matcher add name="reboots-uefi-arm64-11" server=$server address-pool=$pool code=93 matching-type=exact value=0x000b option-set="reboots-uefi-arm64"
# riscv64-uefi (27): ipxe-riscv64.efi
/ip dhcp-server option add name="reboots-uefi-riscv64" code=67 value=0x697078652d726973637636342e65666900
/ip dhcp-server option sets add name="reboots-uefi-riscv64" options="reboots-uefi-riscv64"
/ip dhcp-server matcher add name="reboots-uefi-riscv64-27" server=$server address-pool=$pool code=93 matching-type=exact value=0x001b option-set="reboots-uefi-riscv64"
# loongarch64-uefi (39): ipxe-loong64.efi
/ip dhcp-server option add name="reboots-uefi-loongarch64" code=67 value=0x697078652d6c6f6f6e6736342e65666900
/ip dhcp-server option sets add name="reboots-uefi-loongarch64" options="reboots-uefi-loongarch64"
/ip dhcp-server matcher add name="reboots-uefi-loongarch64-39" server=$server address-pool=$pool code=93 matching-type=exact value=0x0027 option-set="reboots-uefi-loongarch64"
# raspberry-pi (41): ipxe-arm64.efi
/ip dhcp-server option add name="reboots-rpi" code=67 value=0x697078652d61726d36342e65666900
/ip dhcp-server option sets add name="reboots-rpi" options="reboots-rpi"
/ip dhcp-server matcher add name="reboots-rpi-41" server=$server address-pool=$pool code=93 matching-type=exact value=0x0029 option-set="reboots-rpi"

# UEFI HTTP boot takes a URL, and only from an answer whose option 60 says HTTPClient.
/ip dhcp-server option add name="reboots-httpclient" code=60 value="'HTTPClient'" force=yes
# x86-uefi-http (15): http://192.168.88.1:7080/ipxe/binary/ipxe-i386.efi
/ip dhcp-server option add name="reboots-uefi-ia32-http" code=67 value=0x687474703a2f2f3139322e3136382e38382e313a373038302f697078652f62696e6172792f697078652d693338362e656669
/ip dhcp-server option sets add name="reboots-uefi-ia32-http" options="reboots-uefi-ia32-http,reboots-httpclient"
/ip dhcp-server matcher add name="reboots-uefi-ia32-http-15" server=$server address-pool=$pool code=93 matching-type=exact value=0x000f option-set="reboots-uefi-ia32-http"
# x64-uefi-http (16), ebc-http (17): http://192.168.88.1:7080/ipxe/binary/ipxe.efi
/ip dhcp-server option add name="reboots-uefi-x64-http" code=67 value=0x687474703a2f2f3139322e3136382e38382e313a373038302f697078652f62696e6172792f697078652e656669
/ip dhcp-server option sets add name="reboots-uefi-x64-http" options="reboots-uefi-x64-http,reboots-httpclient"
/ip dhcp-server matcher add name="reboots-uefi-x64-http-16" server=$server address-pool=$pool code=93 matching-type=exact value=0x0010 option-set="reboots-uefi-x64-http"
/ip dhcp-server matcher add name="reboots-uefi-x64-http-17" server=$server address-pool=$pool code=93 matching-type=exact value=0x0011 option-set="reboots-uefi-x64-http"
# arm64-uefi-http (19): http://192.168.88.1:7080/ipxe/binary/ipxe-arm64.efi
/ip dhcp-server option add name="reboots-uefi-arm64-http" code=67 value=0x687474703a2f2f3139322e3136382e38382e313a373038302f697078652f62696e6172792f697078652d61726d36342e656669
/ip dhcp-server option sets add name="reboots-uefi-arm64-http" options="reboots-uefi-arm64-http,reboots-httpclient"
/ip dhcp-server matcher add name="reboots-uefi-arm64-http-19" server=$server address-pool=$pool code=93 matching-type=exact value=0x0013 option-set="reboots-uefi-arm64-http"
# x86-bios-http (20): http://192.168.88.1:7080/ipxe/binary/undionly.kpxe
/ip dhcp-server option add name="reboots-bios-http" code=67 value=0x687474703a2f2f3139322e3136382e38382e313a373038302f697078652f62696e6172792f756e64696f6e6c792e6b707865
/ip dhcp-server option sets add name="reboots-bios-http" options="reboots-bios-http,reboots-httpclient"
/ip dhcp-server matcher add name="reboots-bios-http-20" server=$server address-pool=$pool code=93 matching-type=exact value=0x0014 option-set="reboots-bios-http"
# riscv64-uefi-http (28): http://192.168.88.1:7080/ipxe/binary/ipxe-riscv64.efi
/ip dhcp-server option add name="reboots-uefi-riscv64-http" code=67 value=0x687474703a2f2f3139322e3136382e38382e313a373038302f697078652f62696e6172792f697078652d726973637636342e656669
/ip dhcp-server option sets add name="reboots-uefi-riscv64-http" options="reboots-uefi-riscv64-http,reboots-httpclient"
/ip dhcp-server matcher add name="reboots-uefi-riscv64-http-28" server=$server address-pool=$pool code=93 matching-type=exact value=0x001c option-set="reboots-uefi-riscv64-http"
# loongarch64-uefi-http (40): http://192.168.88.1:7080/ipxe/binary/ipxe-loong64.efi
/ip dhcp-server option add name="reboots-uefi-loongarch64-http" code=67 value=0x687474703a2f2f3139322e3136382e38382e313a373038302f697078652f62696e6172792f697078652d6c6f6f6e6736342e656669
/ip dhcp-server option sets add name="reboots-uefi-loongarch64-http" options="reboots-uefi-loongarch64-http,reboots-httpclient"
/ip dhcp-server matcher add name="reboots-uefi-loongarch64-http-40" server=$server address-pool=$pool code=93 matching-type=exact value=0x0028 option-set="reboots-uefi-loongarch64-http"

# Left out, because there is no iPXE for them: nec-pc98 (1), itanium (2), dec-alpha (3), arc-x86 (4),
# xscale-efi (8), powerpc-open-firmware (12), powerpc-epapr (13), power-opal-v3 (14), riscv32-uefi (25),
# riscv32-uefi-http (26), riscv128-uefi (29), riscv128-uefi-http (30), s390-basic (31), s390-extended (32),
# mips32-uefi (33), mips64-uefi (34), sunway32-uefi (35), sunway64-uefi (36), loongarch32-uefi (37),
# loongarch32-uefi-http (38).
# Left out, because boot.binaries.uefi-arm32 names no file: arm32-uefi (10), arm32-uefi-http (18).
# Left out, because boot.binaries.u-boot names no file: arm32-u-boot (21), arm64-u-boot (22),
# arm32-u-boot-http (23), arm64-u-boot-http (24).
# Left out, because only its MAC address tells it from a PC: the boot ROM of a Raspberry Pi, which says
# x86-bios (0). UEFI on one says arm64-uefi (11).
