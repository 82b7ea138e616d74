extension Sample {
    /// A guest that is tied to its host in every way.
    static let tied = #"""
        <domain type='kvm' id='9'>
          <name>tied</name>
          <uuid>22222222-2222-3333-4444-555555555555</uuid>
          <memory unit='KiB'>8388608</memory>
          <memoryBacking>
            <hugepages>
              <page size='2048' unit='KiB' nodeset='0'/>
              <page size='1' unit='G' nodeset='1'/>
            </hugepages>
            <locked/>
            <source type='memfd'/>
            <access mode='shared'/>
          </memoryBacking>
          <vcpu placement='static' cpuset='0-3,^2'>4</vcpu>
          <cputune>
            <vcpupin vcpu='0' cpuset='1'/>
            <vcpupin vcpu='1' cpuset='2-3'/>
            <emulatorpin cpuset='0'/>
            <iothreadpin iothread='1' cpuset='7'/>
          </cputune>
          <numatune>
            <memory mode='strict' nodeset='0-1'/>
            <memnode cellid='1' mode='preferred' nodeset='1'/>
          </numatune>
          <os>
            <type arch='x86_64' machine='pc-q35-7.2'>hvm</type>
          </os>
          <cpu mode='host-passthrough' check='none' migratable='off'>
            <feature policy='require' name='invtsc'/>
            <numa>
              <cell id='0' cpus='0-1' memory='4194304' unit='KiB' memAccess='shared'/>
              <cell id='1' cpus='2-3' memory='4' unit='GiB'/>
            </numa>
          </cpu>
          <clock offset='utc'>
            <timer name='rtc' tickpolicy='catchup'/>
            <timer name='tsc' present='yes' mode='native' frequency='2596144000'/>
            <timer name='hpet' present='no'/>
          </clock>
          <devices>
            <disk type='file' device='disk' snapshot='external'>
              <driver name='qemu' type='qcow2' io='native' discard='unmap'/>
              <source file='/srv/images/tied.qcow2' startupPolicy='optional'>
                <encryption format='luks'>
                  <secret type='passphrase' uuid='AAAA5ab0-2f7c-4b9b-9d8d-0123456789ab'/>
                </encryption>
                <reservations managed='yes'/>
              </source>
              <backingStore type='network'>
                <format type='raw'/>
                <source protocol='rbd' name='pool/base'>
                  <host name='mon1.example' port='6789'/>
                  <auth username='libvirt'><secret type='ceph' usage='client.base'/></auth>
                </source>
                <backingStore/>
              </backingStore>
              <mirror type='file' job='copy' ready='yes'>
                <format type='raw'/>
                <source file='/srv/new/tied.img'/>
              </mirror>
              <target dev='vda' bus='virtio'/>
              <serial>S-1</serial>
              <wwn>5000c50015ea71ad</wwn>
            </disk>
            <disk type='network' device='disk'>
              <auth username='libvirt'>
                <secret type='iscsi' uuid='bbbb5ab0-2f7c-4b9b-9d8d-0123456789ab'/>
              </auth>
              <source protocol='iscsi' name='iqn.2024-01.example:t/1'><host name='san' port='3260'/></source>
              <target dev='vdb' bus='virtio'/>
            </disk>
            <filesystem type='mount' accessmode='passthrough'>
              <driver type='virtiofs'/>
              <source dir='/srv/share'/>
              <target dir='share'/>
            </filesystem>
            <filesystem>
              <source dir='/srv/old'/>
              <target dir='old'/>
              <readonly/>
            </filesystem>
            <interface type='hostdev' managed='yes'>
              <mac address='52:54:00:cc:00:01'/>
              <source>
                <address type='pci' domain='0x0000' bus='0x03' slot='0x10' function='0x1'/>
              </source>
              <teaming type='transient' persistent='ua-net0'/>
            </interface>
            <interface type='network'>
              <mac address='52:54:00:cc:00:02'/>
              <source network='lan' portgroup='web'/>
              <virtualport type='openvswitch'><parameters interfaceid='x'/></virtualport>
              <teaming type='persistent'/>
              <mtu size='9000'/>
              <alias name='ua-net0'/>
            </interface>
            <interface type='vhostuser'>
              <source type='unix' path='/run/ovs/port1' mode='server'/>
            </interface>
            <interface type='hostdev'/>
            <serial type='dev'>
              <source path='/dev/ttyS0'/>
              <log file='/var/log/tied.log' append='on'/>
            </serial>
            <parallel type='pty'/>
            <console type='tcp'>
              <source mode='bind' host='127.0.0.1' service='4555'/>
            </console>
            <channel type='unix'>
              <source mode='bind' path='/var/lib/libvirt/qemu/channel/target/agent.0'/>
              <target type='virtio' name='org.qemu.guest_agent.0' state='connected'/>
            </channel>
            <input type='passthrough' bus='virtio'>
              <source evdev='/dev/input/event1'/>
            </input>
            <input type='evdev'>
              <source dev='/dev/input/event2'/>
            </input>
            <input type='mouse' bus='ps2'/>
            <graphics type='vnc' port='5901' autoport='yes' listen='192.0.2.11'>
              <listen type='address' address='192.0.2.11'/>
              <listen type='network' network='lan' address='192.0.2.11'/>
            </graphics>
            <graphics type='spice' port='-1' autoport='no' listen='::1'/>
            <graphics type='vnc'>
              <listen type='socket' socket='/run/vnc.sock'/>
            </graphics>
            <hostdev mode='subsystem' type='pci' managed='yes'>
              <driver name='vfio'/>
              <source>
                <address domain='0x0000' bus='0x0a' slot='0x1f' function='0x7'/>
              </source>
              <alias name='hostdev0'/>
            </hostdev>
            <hostdev mode='subsystem' type='usb'>
              <source><vendor id='0x046d'/><product id='0xc52b'/></source>
            </hostdev>
            <hostdev mode='subsystem' type='usb'>
              <source><address bus='1' device='4'/></source>
            </hostdev>
            <hostdev mode='subsystem' type='mdev' model='vfio-pci'>
              <source><address uuid='C2177883-F1BB-47F0-914D-32A22E3A8804'/></source>
            </hostdev>
            <hostdev mode='subsystem' type='scsi'>
              <source><adapter name='scsi_host0'/><address bus='0' target='2' unit='1'/></source>
            </hostdev>
            <hostdev mode='subsystem' type='scsi'>
              <source protocol='iscsi' name='iqn.2024-01.example:t/2'>
                <auth username='u'><secret type='iscsi' usage='libvirtiscsi'/></auth>
              </source>
            </hostdev>
            <hostdev mode='subsystem' type='scsi_host'>
              <source protocol='vhost' wwpn='naa.5123456789abcde0'/>
            </hostdev>
            <hostdev mode='capabilities' type='storage'>
              <source><block>/dev/sdf1</block></source>
            </hostdev>
            <hostdev mode='subsystem' type='pci'/>
            <redirdev bus='usb' type='spicevmc'/>
            <smartcard mode='passthrough' type='unix'>
              <source mode='connect' path='/run/card'/>
            </smartcard>
            <rng model='virtio'>
              <backend model='random'>/dev/hwrng</backend>
            </rng>
            <rng model='virtio'>
              <backend model='egd' type='tcp'>
                <source mode='connect' host='192.0.2.9' service='708'/>
              </backend>
            </rng>
            <shmem name='board' role='master'><model type='ivshmem-plain'/></shmem>
            <shmem name='bell'>
              <model type='ivshmem-doorbell'/>
              <server path='/run/ivshmem'/>
            </shmem>
            <memory model='dimm'>
              <target><size unit='MiB'>512</size><node>0</node></target>
              <address type='dimm' slot='0' base='0x100000000'/>
            </memory>
            <memory model='nvdimm'>
              <source><path>/dev/dax0.0</path></source>
              <target><size unit='parsecs'>1</size></target>
            </memory>
            <lease>
              <lockspace>somearea</lockspace>
              <key>somekey</key>
              <target path='/srv/leases' offset='1024'/>
            </lease>
            <tpm model='tpm-crb'>
              <backend type='emulator' version='2.0'>
                <encryption secret='CCCC5ab0-2f7c-4b9b-9d8d-0123456789ab'/>
              </backend>
            </tpm>
            <vsock model='virtio'><cid auto='no' address='3'/></vsock>
            <iommu model='intel'/>
          </devices>
          <launchSecurity type='sev'><policy>0x0001</policy></launchSecurity>
        </domain>

        """#
}
