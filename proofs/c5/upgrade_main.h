/* What the session may ask of the upgrade, in any order. Messages lie in the frame's buffer. */
static struct sfu_device device;

/*@ requires sound: SFU_UPGRADE_SOUND(&device) && device.upgrade.state == SFU_UPGRADE_STATE_IDLE; */
void c5_main(void)
{
	/*@ loop invariant sound: SFU_UPGRADE_SOUND(&device);
	    loop assigns device, sfu_flash, sfu_chip, sfu_vouch; */
	while (c5_any() != 0) {
		switch (c5_any()) {
		case 0:
			sfu_upgrade_offer(&device, &device.link.buffer[SFU_LINK_PAD + 1]);
			break;
		case 1:
			sfu_upgrade_record(&device, c5_any(), &device.link.buffer[SFU_LINK_PAD + 5],
			                   c5_any() % (SFU_FORMAT_RECORD_MAX + 1u));
			break;
		case 2:
			sfu_upgrade_finish(&device);
			break;
		default:
			sfu_upgrade_leave(&device);
			break;
		}
	}
}
