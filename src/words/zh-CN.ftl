# 中文短信。一条说完：什么事、谁来办、何时。不带工单号，由一位管家署名。
battery-tenant = { $tenant }您好，{ $unit }的{ $device }快没电了，请在{ $hours }内{ $todo }。系统会自动识别，奖励{ $reward }直接入账。不方便就回复我。—— { $sender }
    .warm = { $tenant }您好，最近都好吗？{ $unit }的{ $device }快没电了，麻烦您在{ $hours }内{ $todo }，系统会自动识别，{ $reward }小谢意直接入账。忙的话回复我就好。—— { $sender }
    .playful = { $tenant }您好，{ $unit }的{ $device }喊饿啦！请在{ $hours }内{ $todo }喂饱它，{ $reward }自动入账。没空喂就回复我。—— { $sender }
    .rhyming = { $tenant }您好，{ $unit }的{ $device }电量少，早换电池烦恼消：请在{ $hours }内{ $todo }，{ $reward }奖励跑不了。不方便就回复我。—— { $sender }
battery-tenant-plain = { $tenant }您好，{ $unit }的{ $device }快没电了，请这几天{ $todo }。不方便就回复我，我们上门帮您。—— { $sender }
    .warm = { $tenant }您好，最近都好吗？{ $unit }的{ $device }快没电了，麻烦您这几天{ $todo }。忙的话回复我就好，我们很乐意上门。—— { $sender }
    .playful = { $tenant }您好，{ $unit }的{ $device }喊饿啦！请这几天{ $todo }喂饱它。没空喂就回复我，我们上门。—— { $sender }
    .rhyming = { $tenant }您好，{ $unit }的{ $device }电量少，早换电池烦恼消：请这几天{ $todo }。不方便就回复我，我们上门帮您。—— { $sender }
battery-reminder = { $tenant }您好，{ $unit }的{ $device }电量还是很低，这几天可能会断电。请今天{ $todo }，或回复我，我们上门帮您。—— { $sender }
    .warm = { $tenant }您好，怕您不方便，再提醒一声：{ $unit }的{ $device }这几天可能会断电，麻烦今天{ $todo }，或回复我，我们很乐意上门。—— { $sender }
    .playful = { $tenant }您好，{ $unit }的{ $device }饿得只剩一口气，这几天可能会断电。请今天{ $todo }，或回复我，我们上门。—— { $sender }
    .rhyming = { $tenant }您好，{ $unit }的{ $device }快断电，今天动手最方便：请{ $todo }，或回复我，我们上门帮您。—— { $sender }
battery-ask = { $tenant }您好，{ $unit }的{ $device }电量比之前高了，是您换了新电池吗？换了请回复1。—— { $sender }
battery-dead-tenant = { $tenant }您好，{ $unit }的{ $device }没电了。{ $way_in }请尽快{ $todo }，或回复我，我们上门帮您。—— { $sender }
survey-tenant = { $tenant }您好，{ $unit }这次的事，我们处理得怎么样？请回复0到10的一个数字（10最好），也可以多说一句。—— { $sender }
    .warm = { $tenant }您好，{ $unit }的事都好了吧？想听听您的感受：请回复0到10的一个数字（10最好），也可以多说一句，对我很有帮助。—— { $sender }
    .playful = { $tenant }您好，轮到您给我们打分啦！{ $unit }这次表现如何？请回复0到10的一个数字（10最好），欢迎加评语。—— { $sender }
    .rhyming = { $tenant }您好，{ $unit }这次好不好，您的分数最重要：请回复0到10的一个数字（10最好），也可以多说一句。—— { $sender }
call-back-manager = 请给{ $tenant }回电话：{ $phone }（{ $property }{ $unit }）。上次处理后租客的评价：“{ $wish }”
leak-call = 您好，我是{ $property }的{ $sender }。{ $unit }的{ $device }检测到漏水，我们马上派人过来。如果安全，请先关水阀，远离插座。今晚需要安排住处，请按1；不需要，请按2。
call-bed = 谢谢。我们正在给您安排今晚的住处，马上打电话给您。
call-fine = 好的，不用安排住处。我们正在安排人过来。
call-bye = 感谢您接听。需要帮忙，请联系您的管家。再见。
help-coming = { $tenant }，收到！我马上安排人过来，时间定了就告诉您。—— { $sender }
bed-coming = { $tenant }，我正在给您安排今晚的住处，马上打电话给您。请先离开有水的房间。—— { $sender }
about-us = { $property }：{ $sender }通过短信照看您的家（漏水、门锁、电池）。有事直接回复就行。不想收短信请回复TD。
nights = { $tenant }，明白了。{ $from }到次日{ $to }，除了漏水、门锁没电这类不能等的事，我不会给您发短信。您的话会有同事看到并回复。完全不想收短信请回复TD。—— { $sender }
signed = { $text }—— { $sender }
battery-thanks = 谢谢{ $tenant }！{ $device }电量已恢复，{ $reward }奖励已入账。—— { $sender }
    .warm = { $tenant }，太谢谢您了！{ $device }电量已恢复，{ $reward }奖励已入账。有您真好。—— { $sender }
    .playful = { $device }吃饱啦！{ $reward }奖励已入账，谢谢{ $tenant }！—— { $sender }
    .rhyming = { $device }电足又壮，{ $reward }奖励已到账，谢谢{ $tenant }来帮忙！—— { $sender }
battery-thanks-plain = 谢谢{ $tenant }！{ $device }电量已恢复。—— { $sender }
    .warm = { $tenant }，太谢谢您了！{ $device }电量已恢复。有您真好。—— { $sender }
    .playful = { $device }吃饱啦！谢谢{ $tenant }！—— { $sender }
    .rhyming = { $device }电满又健康，谢谢{ $tenant }来帮忙！—— { $sender }
leak-tenant = { $unit }的{ $device }检测到漏水！我们马上派人过来。如果安全，请先关水阀，远离插座。今晚需要安排住处吗？需要请回复1。—— { $sender }
leak-second = { $property }{ $unit }（{ $device }）漏水，还没有人接单，您现在能去吗？租客：{ $tenant } { $phone }
leak-manager = { $property }{ $unit }（{ $device }）{ $since }起漏水，至今无管家接单，请您处理。租客：{ $tenant } { $phone }
leak-still-wet = { $property }{ $unit }的{ $device }自{ $since }起一直显示有水，没有变干。请到现场查看：是仍有积水，还是传感器故障？
bed-manager = { $property }{ $unit }漏水，租客今晚需要安排住处。租客：{ $tenant } { $phone }
waiting-manager = { $property }{ $unit }的{ $tenant }（{ $phone }）发来短信，还没有人回复。请查看并回复。
urgent-manager = { $property }{ $unit }的{ $tenant }（{ $phone }）来信：“{ $wish }”目前还没有人为此出发，请马上处理。
tamper-housekeeper = { $property }{ $unit }的{ $device }报告外壳被打开，请前往查看。
offer-leak = 漏水！{ $property }{ $unit }（{ $device }），请立即前往。租客：{ $tenant } { $phone }
offer-battery = 上门换电池：{ $property }{ $unit }，{ $device }，请带{ $cells }。租客：{ $tenant } { $phone }
offer-battery-dead = 电池耗尽：{ $property }{ $unit }，{ $device }，请带{ $cells }尽快上门。{ $way_in }租客：{ $tenant } { $phone }
offer-silent = { $property }{ $unit }的{ $device }自{ $since }起没有上报，请检查电源、电池和信号。
offer-broker = { $property }的消息服务器（{ $device }）自{ $since }起连不上，所有设备都收不到消息，漏水也不例外。请检查网关的电源和网络。
offer-silent-dead = { $property }{ $unit }的{ $device }自{ $since }起没有上报，此前电量一路下降，多半已耗尽，请带{ $cells }。租客：{ $tenant } { $phone }
offer-request = { $property }{ $unit }报事：“{ $wish }”。租客：{ $tenant } { $phone }
job-battery = 这单改派给您：{ $property }{ $unit }，{ $device }上门换电池，请带{ $cells }。租客：{ $tenant } { $phone }
job-leak = 漏水！这单改派给您：{ $property }{ $unit }（{ $device }），请立即前往。租客：{ $tenant } { $phone }
job-silent = 这单改派给您：{ $property }{ $unit }的{ $device }自{ $since }起没有上报，请检查电源、电池和信号。
job-tamper = 这单改派给您：{ $property }{ $unit }的{ $device }报告外壳被打开，请前往查看。
job-request = 这单改派给您：{ $property }{ $unit }报事“{ $wish }”。租客：{ $tenant } { $phone }
job-given-away = { $property }{ $unit }（{ $device }）这单已改派给同事，您不用去了，谢谢！
visit-eta = { $tenant }您好，{ $who }预计{ $eta }前到{ $unit }处理{ $matter }。—— { $sender }
visit-late = { $tenant }您好，抱歉让您久等，{ $who }会晚一点到{ $unit }。要是太晚，我们马上换人过来。—— { $sender }
visit-changed = { $tenant }您好，抱歉，{ $who }临时来不了{ $unit }了，我们正在安排其他人来处理{ $matter }，您不用操心。—— { $sender }
visit-failed = { $tenant }您好，抱歉，这次上门没能处理好{ $matter }（{ $unit }），我们正在安排下一次上门，您不用操心。—— { $sender }
late-housekeeper = { $property }{ $unit }（{ $device }）：应于{ $eta }到。您在路上吗？去不了请马上退单。租客：{ $tenant } { $phone }
missed-manager = { $property }{ $unit }（{ $device }）：{ $helper }接单后没有到，正在重新派单。租客：{ $tenant } { $phone }
gauge-manager = { $property }{ $unit }（{ $device }）：电量读数不可信，依据见设备页面。不再按它通知租客，已请值班管家上门查看电池。
nobody-took = { $property }{ $unit }（{ $device }）：{ $since }起至今无人接单，请您处理。租客：{ $tenant } { $phone }
overdue-answer = 超时：{ $property }{ $unit }（{ $device }）{ $since }起至今无人响应，请您处理。租客：{ $tenant } { $phone }
overdue-arrival = 超时：{ $property }{ $unit }（{ $device }）{ $helper }接单后未按时到场，请您处理。租客：{ $tenant } { $phone }
overdue-close = 超时：{ $property }{ $unit }（{ $device }）{ $since }起至今未解决，请您处理。租客：{ $tenant } { $phone }
valve-ask = { $property }{ $unit }（{ $device }）{ $since }起漏水，水阀还开着，同意的话请在工单里关阀。租客：{ $tenant } { $phone }
leak-below = { $tenant }您好，{ $property }楼上漏水正往下渗，可能到{ $unit }。请看看天花板，把怕湿的东西挪开，远离潮湿的插座，我们正在处理。—— { $sender }

# 电池。{ $shape }：round、coin、block、thionyl、pack；{ $chemistry }是下面的词之一，或为空。
cells = { $shape ->
    [coin] { $count }颗{ $size }纽扣电池
    [block] { $count }节9V方块电池
    [thionyl] { $count }节{ $size }锂亚电池（3.6V）
    [pack] 充电器（给电池包充电）
   *[round] { $size ->
        [AA] { $count }节5号{ $chemistry }电池（AA）
        [AAA] { $count }节7号{ $chemistry }电池（AAA）
        [C] { $count }节2号{ $chemistry }电池（C）
        [D] { $count }节1号{ $chemistry }电池（D）
       *[other] { $count }节{ $size }{ $chemistry }电池
    }
}
chemistry-alkaline = 碱性
chemistry-lithium_iron = 锂铁
chemistry-lithium_manganese = 锂
chemistry-nimh = 镍氢充电
cells-default = 新电池
hours = { $count }小时
todo-replace = 换上{ $cells }
todo-charge = 给电池包充满电

# 门锁没电时怎么开门。
way-in = 开门方法：{ $ways }。
way-or = ，或
way-nine_volt = 用9V方块电池贴住门外触点，再输密码
way-usb_c = 用充电宝接门外USB-C口，再照常开锁
way-micro_usb = 用充电宝接门外Micro-USB口，再照常开锁
way-key = 用机械钥匙
way-unknown = 试试备用钥匙

# 署名的人这样称自己；以及办的是什么事。
myself = 我
matter = { $kind ->
    [leak] 漏水
    [battery] { $device }的电池
    [request] 您反映的问题
   *[other] { $device }的问题
}

no-tenant = 暂无登记
no-unit = 整栋楼
no-device = 室内
