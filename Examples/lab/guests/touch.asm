; A guest in one boot sector: 32-bit protected mode, no paging. It writes 'R' to the serial port when it runs, '.'
; after each pass over its memory, in which each page gets the number of the pass, and 'E' when a page does not hold
; what the pass before wrote there. That needs neither a kernel nor CPU features that a software KVM may lack.
;
; -DPAGES=N        pages to touch in each pass, from 1 MiB up; 0 only halts (the idle guest)
; -DCHUNK=N        pages to touch in each 10 ms; 0 is as fast as it goes

bits 16
org 0x7c00
        cli
        xor     ax, ax
        mov     ds, ax
        lgdt    [table]
        mov     eax, cr0
        or      al, 1
        mov     cr0, eax
        jmp     8:protected

bits 32
protected:
        mov     ax, 16
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     esp, 0x7000
%if PAGES == 0
        mov     al, '.'
        call    print
idle:   hlt
        jmp     idle
%else
%if CHUNK
        mov     al, 0x34                ; timer 0, rate generator: counts 65536 down at 1,193,182 Hz
        out     0x43, al
        xor     al, al
        out     0x40, al
        out     0x40, al
        call    ticks
        mov     ebp, eax
        mov     esi, CHUNK
%endif
        mov     al, 'R'
        call    print
        xor     ebx, ebx                ; the number of the pass
pass:   inc     ebx
        mov     edi, 0x100000
        mov     ecx, PAGES
page:   cmp     ebx, 1
        je      write
        lea     eax, [ebx - 1]
        cmp     [edi], eax
        je      write
        mov     al, 'E'
        call    print
write:  mov     [edi], ebx
        add     edi, 4096
%if CHUNK
        dec     esi
        jnz     next
        mov     esi, CHUNK
wait10: call    ticks
        mov     edx, ebp
        sub     edx, eax                ; the timer counts down
        and     edx, 0xffff
        cmp     edx, 11932              ; 10 ms
        jb      wait10
        mov     ebp, eax
%endif
next:   dec     ecx
        jnz     page
        mov     al, '.'
        call    print
        jmp     pass
%endif

print:  mov     dx, 0x3f8
        out     dx, al
        ret

%if CHUNK
ticks:  xor     al, al
        out     0x43, al                ; latch timer 0
        in      al, 0x40
        mov     ah, al
        in      al, 0x40
        xchg    al, ah
        movzx   eax, ax
        ret
%endif

gdt:    dq      0, 0x00cf9a000000ffff, 0x00cf92000000ffff
table:  dw      $ - gdt - 1
        dd      gdt

        times   510 - ($ - $$) db 0
        dw      0xaa55
