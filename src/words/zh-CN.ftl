# 中文短信。一条说完：什么事、谁来办、何时。不带工单号，由一位管家署名。
battery-tenant = { $tenant }您好，{ $unit }的{ $device }电池快没电了，请在48小时内换上{ $cells }。换好后系统会自动识别，奖励{ $reward }直接入账。不方便换就回复我。—— { $sender }
battery-reminder = { $tenant }您好，{ $unit }的{ $device }还没换电池，这几天可能会断电打不开门。请今天换上{ $cells }，或回复我，我们上门帮您换。—— { $sender }
battery-ask = { $tenant }您好，{ $unit }的{ $device }电量比之前高了，是您换了新电池吗？换了请回复1。—— { $sender }
battery-thanks = 谢谢{ $tenant }！{ $device }的新电池已确认，{ $reward }奖励已入账。—— { $sender }
battery-thanks-plain = 谢谢{ $tenant }！{ $device }的新电池已确认。—— { $sender }
leak-tenant = { $unit }的{ $device }检测到漏水！我们马上派人过来。如果安全，请先关水阀，远离插座。今晚需要安排住处吗？需要请回复1。—— { $sender }
leak-second = { $property }{ $unit }（{ $device }）漏水，还没有人接单，您现在能去吗？租客：{ $tenant } { $phone }
leak-manager = { $property }{ $unit }（{ $device }）{ $since }起漏水，至今无管家接单，请您处理。租客：{ $tenant } { $phone }
bed-manager = { $property }{ $unit }漏水，租客今晚需要安排住处。租客：{ $tenant } { $phone }
tamper-housekeeper = { $property }{ $unit }的{ $device }报告外壳被打开，请前往查看。
offer-leak = 漏水！{ $property }{ $unit }（{ $device }），请立即前往。租客：{ $tenant } { $phone }
offer-battery = 上门换电池：{ $property }{ $unit }，{ $device }，请带{ $cells }。租客：{ $tenant } { $phone }
offer-silent = { $property }{ $unit }的{ $device }自{ $since }起没有上报，请检查电源、电池和信号。
offer-broker = { $property }的消息服务器（{ $device }）自{ $since }起连不上，所有设备都收不到消息，漏水也不例外。请检查网关的电源和网络。
offer-request = { $property }{ $unit }的租客有请求。租客：{ $tenant } { $phone }
cells-default = 新电池
somebody = 租客
