/**
 * Tencent Cloud's public regions, where a request with another one is `UnsupportedRegion`. DLC itself
 * is in fewer of them, and in more every year: the emulator does not guess which.
 */
const regions: ReadonlySet<string> = new Set([
  'ap-bangkok',
  'ap-beijing',
  'ap-beijing-fsi',
  'ap-chengdu',
  'ap-chongqing',
  'ap-guangzhou',
  'ap-hongkong',
  'ap-jakarta',
  'ap-mumbai',
  'ap-nanjing',
  'ap-seoul',
  'ap-shanghai',
  'ap-shanghai-adc',
  'ap-shanghai-fsi',
  'ap-shenzhen-fsi',
  'ap-singapore',
  'ap-taipei',
  'ap-tokyo',
  'eu-frankfurt',
  'me-saudi-arabia',
  'na-ashburn',
  'na-siliconvalley',
  'na-toronto',
  'sa-saopaulo',
]);

/** Whether the emulator serves this region. */
export function isRegion(region: string): boolean {
  return regions.has(region);
}
