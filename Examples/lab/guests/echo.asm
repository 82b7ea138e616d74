; A guest in one boot sector, in real mode, that answers ARP and pings through an NE2000 card on the PCI bus. It writes 'R'
; to the serial port when it is ready, and looks for packets once a millisecond. With it a client sees when a guest under
; KVM runs again, on machines whose KVM runs no Linux.
;
; -DNUMBER=N       the guest's number in the lab: its MAC is 52:54:00:1a:b0:N, its address 198.51.100.(100 + N)

FRAME   equ     0x8004          ; a packet in memory, behind the card's own four bytes: status, next page, length
ADDRESS equ     ((100 + NUMBER) << 24) | (100 << 16) | (51 << 8) | 198
SEND    equ     0x40            ; pages of the card: one packet to send, then the ring of received ones
FIRST   equ     0x46
LAST    equ     0x80

bits 16
org 0x7c00
        cli
        xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7000
        cld

        mov     ebx, 0x80000000         ; the card, wherever on bus 0 it is
scan:   mov     eax, ebx
        call    config
        cmp     eax, 0x802910ec
        je      found
        add     ebx, 0x800
        jmp     scan
found:  lea     eax, [ebx + 0x10]
        call    config
        and     al, 0xfc
        mov     [port], ax

        mov     si, setup
.next:  lodsw
        call    write
        cmp     si, setup.end
        jb      .next
        mov     al, 0x34                ; timer 0, rate generator: 1,193,182 Hz / 1193
        out     0x43, al
        mov     al, 1193 & 0xff
        out     0x40, al
        mov     al, 1193 >> 8
        out     0x40, al
        mov     al, 'R'
        mov     dx, 0x3f8
        out     dx, al

wait1:  sti
        hlt
packet: mov     ax, 0x0062              ; the second page of registers has where the ring's end is
        call    write
        mov     dx, [port]
        add     dx, 7
        in      al, dx
        mov     cl, al
        mov     ax, 0x0022
        call    write
        mov     ch, [next]
        cmp     cl, ch
        je      wait1

        xor     cl, cl                  ; ring page to memory
        mov     bx, 1536
        mov     al, 0x0a
        call    remote
        mov     di, FRAME - 4
        inc     cx
        rep     insd
        mov     cx, [FRAME - 2]
        dec     cx
        shr     cx, 2
        rep     insd

        cmp     word [FRAME + 12], 0x0608
        jne     ip
        cmp     word [FRAME + 20], 0x0100
        jne     done
        cmp     dword [FRAME + 38], ADDRESS
        jne     done
        inc     byte [FRAME + 21]       ; the request becomes a reply
        mov     si, FRAME + 22
        mov     di, FRAME + 32
        mov     cl, 5
        rep     movsw
        mov     si, own
        mov     di, FRAME + 22
        mov     cl, 5
        rep     movsw
        jmp     send
ip:     cmp     word [FRAME + 12], 0x0008
        jne     done
        cmp     byte [FRAME + 23], 1
        jne     done
        mov     eax, [FRAME + 30]
        cmp     eax, ADDRESS
        jne     done
        cmp     byte [FRAME + 34], 8
        jne     done
        mov     byte [FRAME + 34], 0
        add     word [FRAME + 36], 8
        adc     word [FRAME + 36], 0
        xchg    eax, [FRAME + 26]
        mov     [FRAME + 30], eax
send:   mov     si, FRAME + 6
        mov     di, FRAME
        movsd
        movsw
        mov     si, own
        movsd
        movsw
        mov     bx, [FRAME - 2]         ; memory to the page for sending
        sub     bx, 4
        mov     cx, SEND << 8
        mov     al, 0x12
        call    remote
        mov     si, FRAME
        mov     cx, bx
        add     cx, 3
        shr     cx, 2
        rep     outsd
        mov     ax, 4 << 8 | SEND
        call    write
        mov     ah, 5
        mov     al, bl
        call    write
        mov     ah, 6
        mov     al, bh
        call    write
        mov     ax, 0x26
        call    write
done:   mov     al, [FRAME - 3]
        mov     [next], al
        mov     ah, 3
        call    write
        jmp     packet

; Register AH of the card becomes AL.
write:  mov     dx, [port]
        add     dl, ah
        out     dx, al
        ret

; The card's memory from CX on, BX bytes of it, is at its data port (in DX): AL is 0x0a for reading, 0x12 for writing.
remote: push    ax
        mov     ah, 8
        mov     al, cl
        call    write
        inc     ah
        mov     al, ch
        call    write
        inc     ah
        mov     al, bl
        call    write
        inc     ah
        mov     al, bh
        call    write
        pop     ax
        mov     ah, 0
        call    write
        add     dx, 0x10
        xor     cx, cx
        ret

; What the PCI configuration holds at EAX.
config: mov     dx, 0xcf8
        out     dx, eax
        mov     dl, 0xfc
        in      eax, dx
        ret

; Pairs of value and register, as lodsw reads them.
setup:  db      0x21, 0, 0x49, 14, 0x04, 12, FIRST, 1, LAST, 2, FIRST, 3, 0, 15, 0x61, 0, FIRST, 7, 0x22, 0
.end:
next:   db      FIRST
own:    db      0x52, 0x54, 0x00, 0x1a, 0xb0, NUMBER
        dd      ADDRESS
port:   dw      0

        times   510 - ($ - $$) db 0
        dw      0xaa55
