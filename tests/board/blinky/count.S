/*
 * Code whose executed instructions are known by counting lines. Each ends at
 * the label after it, so that the board's marks give the difference.
 */
	.syntax unified
	.cpu cortex-m4
	.thumb
	.text

	.global count_loop, count_loop_end, count_it, count_it_end, count_straight, count_straight_end, count_fp
	.type count_loop, %function
	.type count_loop_end, %function
	.type count_it, %function
	.type count_it_end, %function
	.type count_straight, %function
	.type count_straight_end, %function
	.type count_fp, %function

/* 1 + 1000 * 3 */
count_loop:
	movw	r0, #1000
1:	adds	r1, r1, #1
	subs	r0, #1
	bne	1b
count_loop_end:
	bx	lr

/* 2 + 100 * 18; of the conditional instructions of an iteration some are skipped, none is free */
count_it:
	movs	r0, #100
	movs	r1, #0
2:	tst	r0, #1
	ite	eq
	moveq	r2, #1
	movne	r2, #2
	cmp	r0, #50
	itttt	hi
	addhi	r1, #1
	addhi.w	r1, r1, #1
	addhi	r1, #1
	addhi	r1, #1
	it	mi
	addmi	r1, #1
	cmp	r0, #1
	itt	lt
	movlt	r2, #0
	blt	3f
	subs	r0, #1
	bne	2b
3:
count_it_end:
	bx	lr

/* 3000: longer than one translated block, across pages */
count_straight:
	.rept	1500
	adds	r0, r0, #1
	ldr	r1, [sp, #0]
	.endr
count_straight_end:
	bx	lr

	.fpu	fpv4-sp-d16
count_fp:
	vmov	s0, r0
	vadd.f32 s0, s0, s0
	vmov	r0, s0
	bx	lr
