/// Documents as libvirt writes them, to the byte.
enum Sample {
    /// `virsh -c test:///default dumpxml test`, libvirt 9.0.
    static let testDriver = #"""
        <domain type='test' id='1'>
          <name>test</name>
          <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
          <memory unit='KiB'>8388608</memory>
          <currentMemory unit='KiB'>2097152</currentMemory>
          <vcpu placement='static'>2</vcpu>
          <os>
            <type arch='i686'>hvm</type>
            <boot dev='hd'/>
          </os>
          <clock offset='utc'/>
          <on_poweroff>destroy</on_poweroff>
          <on_reboot>restart</on_reboot>
          <on_crash>destroy</on_crash>
          <devices>
            <disk type='file' device='disk'>
              <source file='/guest/diskimage1'/>
              <target dev='vda' bus='virtio'/>
              <address type='pci' domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
            </disk>
            <interface type='network'>
              <mac address='aa:bb:cc:dd:ee:ff'/>
              <source network='default'/>
              <target dev='testnet0'/>
              <address type='pci' domain='0x0000' bus='0x00' slot='0x01' function='0x0'/>
            </interface>
            <memballoon model='virtio'>
              <address type='pci' domain='0x0000' bus='0x00' slot='0x02' function='0x0'/>
            </memballoon>
          </devices>
        </domain>

        """#

    /// A running QEMU guest with one disk of every kind; libvirt writes metadata with double quotes.
    static let running = #"""
        <domain type='kvm' id='7' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>web-1</name>
          <uuid>4DEA22B3-1D52-D8F3-2516-782E98AB3FA0</uuid>
          <title>Shop &amp; "front" &lt;1&gt;</title>
          <metadata>
            <libosinfo:libosinfo xmlns:libosinfo="http://libosinfo.org/xmlns/libvirt/domain/1.0">
              <libosinfo:os id="http://debian.org/debian/12"/>
            </libosinfo:libosinfo>
            <apus:policy xmlns:apus="https://apus.example/policy/1">
              <apus:priority>high</apus:priority>
              <apus:window from="22:00" to="05:00"/>
              <!-- agreed with the shop's owner -->
            </apus:policy>
          </metadata>
          <maxMemory slots='16' unit='KiB'>16777216</maxMemory>
          <memory unit='KiB'>4194304</memory>
          <currentMemory unit='KiB'>2097152</currentMemory>
          <vcpu placement='static' current='2'>4</vcpu>
          <resource>
            <partition>/machine</partition>
          </resource>
          <os firmware='efi'>
            <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
            <loader readonly='yes' secure='no' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>
            <nvram template='/usr/share/OVMF/OVMF_VARS_4M.fd'>/var/lib/libvirt/qemu/nvram/web-1_VARS.fd</nvram>
            <boot dev='hd'/>
          </os>
          <features>
            <acpi/>
          </features>
          <cpu mode='custom' match='exact' check='full'>
            <model fallback='forbid'>Skylake-Server-IBRS</model>
            <feature policy='require' name='hypervisor'/>
            <feature policy='disable' name='pku'/>
          </cpu>
          <devices>
            <emulator>/usr/bin/qemu-system-x86_64</emulator>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2' cache='none' discard='unmap'/>
              <source file='/srv/images/web-1.qcow2' index='2'>
                <seclabel model='dac' relabel='no'/>
              </source>
              <backingStore type='file' index='3'>
                <format type='qcow2'/>
                <source file='/srv/images/base.qcow2'/>
                <backingStore type='block' index='4'>
                  <format type='raw'/>
                  <source dev='/dev/vg0/golden'/>
                  <backingStore/>
                </backingStore>
              </backingStore>
              <target dev='vda' bus='virtio'/>
              <alias name='virtio-disk0'/>
            </disk>
            <disk type='block' device='lun'>
              <driver name='qemu' type='raw' cache='directsync'/>
              <source dev='/dev/disk/by-id/wwn-0x5000'/>
              <target dev='sda' bus='scsi'/>
              <shareable/>
            </disk>
            <disk type='network' device='disk'>
              <driver name='qemu' type='raw'/>
              <auth username='libvirt'>
                <secret type='ceph' uuid='7cf3d5ab-2f7c-4b9b-9d8d-0123456789ab'/>
              </auth>
              <source protocol='rbd' name='pool/web-1-data'>
                <host name='mon1.example' port='6789'/>
                <host name='mon2.example'/>
                <host transport='unix' socket='/run/mon.sock'/>
              </source>
              <target dev='vdb' bus='virtio'/>
            </disk>
            <disk type='volume' device='disk'>
              <driver name='qemu' type='raw'/>
              <source pool='fast' volume='scratch' mode='host'/>
              <target dev='vdc' bus='virtio'/>
              <transient/>
            </disk>
            <disk type='nvme' device='disk'>
              <driver name='qemu' type='raw'/>
              <source type='pci' managed='yes' namespace='1'>
                <address domain='0x0000' bus='0x01' slot='0x00' function='0x0'/>
              </source>
              <target dev='vdd' bus='virtio'/>
            </disk>
            <disk type='vhostuser' device='disk'>
              <driver name='qemu' type='raw'/>
              <source type='unix' path='/run/blk.sock'/>
              <target dev='vde' bus='virtio'/>
            </disk>
            <disk type='quantum' device='holodisk'>
              <source entangled='yes'/>
              <target dev='vdf' bus='virtio'/>
            </disk>
            <disk type='file' device='cdrom'>
              <target dev='sdb' bus='sata'/>
              <readonly/>
            </disk>
            <interface type='bridge'>
              <mac address='52:54:00:AA:00:01'/>
              <source bridge='br0'/>
              <target dev='vnet3'/>
              <model type='virtio'/>
            </interface>
            <interface type='network'>
              <mac address='52:54:00:aa:00:02'/>
              <source network='default' portid='0ef7' bridge='virbr0'/>
            </interface>
            <interface type='direct'>
              <mac address='52:54:00:aa:00:03'/>
              <source dev='eno1' mode='private'/>
            </interface>
            <interface type='vdpa'>
              <mac address='52:54:00:aa:00:04'/>
              <source dev='/dev/vhost-vdpa-0'/>
            </interface>
            <tpm model='tpm-crb'>
              <backend type='emulator' version='2.0'/>
            </tpm>
            <teleporter model='mk2'>
              <range unit='km'>40000</range>
            </teleporter>
          </devices>
          <qemu:commandline>
            <qemu:arg value='-global'/>
          </qemu:commandline>
        </domain>

        """#

    /// A guest's file below /etc/libvirt/qemu.
    static let shutOff = #"""
        <!--
        WARNING: THIS IS AN AUTO-GENERATED FILE. CHANGES TO IT ARE LIKELY TO BE
        OVERWRITTEN AND LOST. Changes to this xml configuration should be made using:
          virsh edit batch-7
        or other application using the libvirt API.
        -->
        <domain type='qemu'>
          <name>batch-7</name>
          <uuid>11111111-2222-3333-4444-555555555555</uuid>
          <memory unit='GiB'>2</memory>
          <vcpu>1</vcpu>
          <os>
            <type arch='aarch64' machine='virt'>hvm</type>
          </os>
          <cpu mode='host-passthrough' check='none' migratable='on'/>
          <devices>
            <emulator>/usr/bin/qemu-system-aarch64</emulator>
            <disk type='file' device='disk'>
              <driver name='qemu' type='qcow2'/>
              <source file='/srv/images/batch-7.qcow2'/>
              <target dev='vda' bus='virtio'/>
            </disk>
            <interface type='user'>
              <mac address='52:54:00:bb:00:01'/>
            </interface>
          </devices>
        </domain>

        """#

    /// `virsh capabilities`, shortened.
    static let capabilities = #"""
        <capabilities>

          <host>
            <uuid>6D5F1C4E-0000-4000-8000-00aa00bb00cc</uuid>
            <cpu>
              <arch>x86_64</arch>
              <model>Skylake-Server-IBRS</model>
              <vendor>Intel</vendor>
              <microcode version='16777317'/>
              <counter name='tsc' frequency='2596144000' scaling='no'/>
              <feature name='ds'/>
              <feature name='pku'/>
              <pages unit='KiB' size='4'/>
              <pages unit='KiB' size='2048'/>
            </cpu>
            <iommu support='yes'/>
            <migration_features>
              <live/>
              <uri_transports>
                <uri_transport>tcp</uri_transport>
                <uri_transport>rdma</uri_transport>
              </uri_transports>
            </migration_features>
            <topology>
              <cells num='2'>
                <cell id='0'>
                  <memory unit='KiB'>2097152</memory>
                  <pages unit='KiB' size='4'>524288</pages>
                  <pages unit='KiB' size='2048'>16</pages>
                  <distances>
                    <sibling id='0' value='10'/>
                    <sibling id='2' value='21'/>
                  </distances>
                  <cpus num='2'>
                    <cpu id='0' socket_id='0' die_id='0' core_id='0' siblings='0,4'/>
                    <cpu id='4' socket_id='0' die_id='0' core_id='0' siblings='0,4'/>
                  </cpus>
                </cell>
                <cell id='2'/>
              </cells>
            </topology>
            <secmodel>
              <model>apparmor</model>
              <doi>0</doi>
            </secmodel>
            <secmodel>
              <model>dac</model>
              <doi>0</doi>
            </secmodel>
          </host>

          <guest>
            <os_type>hvm</os_type>
            <arch name='x86_64'>
              <wordsize>64</wordsize>
              <emulator>/usr/bin/qemu-system-x86_64</emulator>
              <machine maxCpus='255' canonical='pc-i440fx-7.2'>pc</machine>
              <machine maxCpus='288'>pc-q35-7.2</machine>
              <domain type='qemu'/>
              <domain type='kvm'/>
            </arch>
          </guest>

        </capabilities>

        """#
}
