/**
 * Tencent Cloud's public regions; another one is an `UnsupportedRegion`. DLC is in some of them, in more
 * every year: the emulator accepts all.
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
