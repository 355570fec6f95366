/* What the session may ask of the upgrade, in any order. */
static struct sfu_device device;
static uint8_t manifest[SFU_MANIFEST_SIZE], record[SFU_FORMAT_RECORD_MAX];

/*@ requires sound: SFU_UPGRADE_SOUND(&device) && device.upgrade.state == SFU_UPGRADE_STATE_IDLE; */
void c5_main(void)
{
	/*@ loop invariant sound: SFU_UPGRADE_SOUND(&device);
	    loop assigns device, manifest[0 .. SFU_MANIFEST_SIZE - 1], record[0 .. SFU_FORMAT_RECORD_MAX - 1],
	                 sfu_flash, sfu_chip; */
	while (c5_any() != 0) {
		switch (c5_any()) {
		case 0:
			sfu_upgrade_offer(&device, manifest);
			break;
		case 1:
			sfu_upgrade_record(&device, c5_any(), record, c5_any() % (SFU_FORMAT_RECORD_MAX + 1u));
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
