# Network boot of Reboots by the DHCP server of Windows. Run this once as an administrator on the DHCP server.
# Boot files come from TFTP at 192.168.88.1, scripts and HTTP boot from http://192.168.88.1:7080. Do not run
# proxydhcp beside this.
# Every machine that boots from the network gets iPXE; who boots what is decided when iPXE fetches its script.
$ErrorActionPreference = 'Stop'
# For the scope of the machines, which is there already.
$Where = @{ ScopeId = '192.168.88.0' }

# Second step: iPXE, which says what it is by its user class (77) or by option 175, gets the URL of its
# script. It fills in what stands in ${...} by itself, so this is the same for all machines. This policy has
# to stay before the others, or iPXE loads itself for ever. Windows cannot look at 175.
Add-DhcpServerv4Class -Name 'Reboots iPXE' -Type User -Data 'iPXE'
Add-DhcpServerv4Policy @Where -Name 'Reboots iPXE' -Condition OR -UserClass EQ,'Reboots iPXE' -ProcessingOrder 1
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots iPXE' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots iPXE' -OptionId 67 -Value 'http://192.168.88.1:7080/ipxe/script/${netX/mac}/auto.ipxe?arch=${platform}-${buildarch}&uuid=${uuid}'

# First step: firmware says its architecture in option 93 and gets iPXE. Option 60 must not be sent to PXE
# firmware, which would then look for a boot server on port 4011. Windows reads the architecture from option
# 60, which repeats it; the star stands for the rest of that text.
# x86-bios (0), intel-lean-client (5)
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00000' -Type Vendor -Data 'PXEClient:Arch:00000'
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00005' -Type Vendor -Data 'PXEClient:Arch:00005'
Add-DhcpServerv4Policy @Where -Name 'Reboots bios' -Condition OR -VendorClass EQ,'Reboots PXEClient 00000*','Reboots PXEClient 00005*' -ProcessingOrder 2
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots bios' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots bios' -OptionId 67 -Value 'undionly.kpxe'
# x86-uefi (6)
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00006' -Type Vendor -Data 'PXEClient:Arch:00006'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-ia32' -Condition OR -VendorClass EQ,'Reboots PXEClient 00006*' -ProcessingOrder 3
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-ia32' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-ia32' -OptionId 67 -Value 'ipxe-i386.efi'
# x64-uefi (7), ebc (9)
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00007' -Type Vendor -Data 'PXEClient:Arch:00007'
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00009' -Type Vendor -Data 'PXEClient:Arch:00009'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-x64' -Condition OR -VendorClass EQ,'Reboots PXEClient 00007*','Reboots PXEClient 00009*' -ProcessingOrder 4
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-x64' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-x64' -OptionId 67 -Value 'ipxe.efi'
# arm64-uefi (11)
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00011' -Type Vendor -Data 'PXEClient:Arch:00011'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-arm64' -Condition OR -VendorClass EQ,'Reboots PXEClient 00011*' -ProcessingOrder 5
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-arm64' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-arm64' -OptionId 67 -Value 'ipxe-arm64.efi'
# riscv64-uefi (27)
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00027' -Type Vendor -Data 'PXEClient:Arch:00027'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-riscv64' -Condition OR -VendorClass EQ,'Reboots PXEClient 00027*' -ProcessingOrder 6
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-riscv64' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-riscv64' -OptionId 67 -Value 'ipxe-riscv64.efi'
# loongarch64-uefi (39)
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00039' -Type Vendor -Data 'PXEClient:Arch:00039'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-loongarch64' -Condition OR -VendorClass EQ,'Reboots PXEClient 00039*' -ProcessingOrder 7
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-loongarch64' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-loongarch64' -OptionId 67 -Value 'ipxe-loong64.efi'
# raspberry-pi (41)
Add-DhcpServerv4Class -Name 'Reboots PXEClient 00041' -Type Vendor -Data 'PXEClient:Arch:00041'
Add-DhcpServerv4Policy @Where -Name 'Reboots rpi' -Condition OR -VendorClass EQ,'Reboots PXEClient 00041*' -ProcessingOrder 8
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots rpi' -OptionId 66 -Value '192.168.88.1'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots rpi' -OptionId 67 -Value 'ipxe-arm64.efi'

# UEFI HTTP boot takes a URL, and only from an answer whose option 60 says HTTPClient.
if (-not (Get-DhcpServerv4OptionDefinition -OptionId 60 -ErrorAction SilentlyContinue)) {
  Add-DhcpServerv4OptionDefinition -OptionId 60 -Name 'Vendor class' -Type String
}
# x86-uefi-http (15)
Add-DhcpServerv4Class -Name 'Reboots HTTPClient 00015' -Type Vendor -Data 'HTTPClient:Arch:00015'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-ia32-http' -Condition OR -VendorClass EQ,'Reboots HTTPClient 00015*' -ProcessingOrder 9
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-ia32-http' -OptionId 60 -Value 'HTTPClient'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-ia32-http' -OptionId 67 -Value 'http://192.168.88.1:7080/ipxe/binary/ipxe-i386.efi'
# x64-uefi-http (16), ebc-http (17)
Add-DhcpServerv4Class -Name 'Reboots HTTPClient 00016' -Type Vendor -Data 'HTTPClient:Arch:00016'
Add-DhcpServerv4Class -Name 'Reboots HTTPClient 00017' -Type Vendor -Data 'HTTPClient:Arch:00017'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-x64-http' -Condition OR -VendorClass EQ,'Reboots HTTPClient 00016*','Reboots HTTPClient 00017*' -ProcessingOrder 10
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-x64-http' -OptionId 60 -Value 'HTTPClient'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-x64-http' -OptionId 67 -Value 'http://192.168.88.1:7080/ipxe/binary/ipxe.efi'
# arm64-uefi-http (19)
Add-DhcpServerv4Class -Name 'Reboots HTTPClient 00019' -Type Vendor -Data 'HTTPClient:Arch:00019'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-arm64-http' -Condition OR -VendorClass EQ,'Reboots HTTPClient 00019*' -ProcessingOrder 11
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-arm64-http' -OptionId 60 -Value 'HTTPClient'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-arm64-http' -OptionId 67 -Value 'http://192.168.88.1:7080/ipxe/binary/ipxe-arm64.efi'
# x86-bios-http (20)
Add-DhcpServerv4Class -Name 'Reboots HTTPClient 00020' -Type Vendor -Data 'HTTPClient:Arch:00020'
Add-DhcpServerv4Policy @Where -Name 'Reboots bios-http' -Condition OR -VendorClass EQ,'Reboots HTTPClient 00020*' -ProcessingOrder 12
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots bios-http' -OptionId 60 -Value 'HTTPClient'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots bios-http' -OptionId 67 -Value 'http://192.168.88.1:7080/ipxe/binary/undionly.kpxe'
# riscv64-uefi-http (28)
Add-DhcpServerv4Class -Name 'Reboots HTTPClient 00028' -Type Vendor -Data 'HTTPClient:Arch:00028'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-riscv64-http' -Condition OR -VendorClass EQ,'Reboots HTTPClient 00028*' -ProcessingOrder 13
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-riscv64-http' -OptionId 60 -Value 'HTTPClient'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-riscv64-http' -OptionId 67 -Value 'http://192.168.88.1:7080/ipxe/binary/ipxe-riscv64.efi'
# loongarch64-uefi-http (40)
Add-DhcpServerv4Class -Name 'Reboots HTTPClient 00040' -Type Vendor -Data 'HTTPClient:Arch:00040'
Add-DhcpServerv4Policy @Where -Name 'Reboots uefi-loongarch64-http' -Condition OR -VendorClass EQ,'Reboots HTTPClient 00040*' -ProcessingOrder 14
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-loongarch64-http' -OptionId 60 -Value 'HTTPClient'
Set-DhcpServerv4OptionValue @Where -PolicyName 'Reboots uefi-loongarch64-http' -OptionId 67 -Value 'http://192.168.88.1:7080/ipxe/binary/ipxe-loong64.efi'

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
