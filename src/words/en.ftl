# Texts in English. Complete and plain: what happens, by whom, when. No ticket number. One named person signs.
battery-tenant = Hi { $tenant }, the battery of { $device } ({ $unit }) is running low. Please { $todo } within { $hours }: we see it by ourselves and credit you { $reward }. Can't manage? Just reply. - { $sender }
    .warm = Hi { $tenant }, I hope you are well! { $device } ({ $unit }) is getting tired: please { $todo } within { $hours }. We see it by ourselves and credit you { $reward } as a thank-you. Too busy? Just reply, I am glad to help. - { $sender }
    .playful = Hi { $tenant }, { $device } ({ $unit }) is hungry: please { $todo } within { $hours } and { $reward } are yours, we notice by ourselves. No time to feed it? Just reply. - { $sender }
    .rhyming = Hi { $tenant }, { $device } ({ $unit }) is running low, and fresh power is the way to go: please { $todo } within { $hours }, that is all you do, and { $reward } come straight to you. Can't? Just reply. - { $sender }
battery-tenant-plain = Hi { $tenant }, the battery of { $device } ({ $unit }) is running low. Please { $todo } in the next few days. Can't manage? Just reply and we come by. - { $sender }
    .warm = Hi { $tenant }, I hope you are well! { $device } ({ $unit }) is getting tired: please { $todo } in the next few days. Too busy? Just reply and I send somebody with pleasure. - { $sender }
    .playful = Hi { $tenant }, { $device } ({ $unit }) is hungry: please { $todo } in the next few days. No time to feed it? Just reply and we come by. - { $sender }
    .rhyming = Hi { $tenant }, { $device } ({ $unit }) is running low, and fresh power is the way to go: please { $todo } in the next few days. Can't? Just reply and we come by. - { $sender }
battery-reminder = Hi { $tenant }, the battery of { $device } ({ $unit }) is still low and may be empty within days. Please { $todo } today, or reply and we come by. - { $sender }
    .warm = Hi { $tenant }, a small reminder, so that you are never left without: { $device } ({ $unit }) may be empty within days. Please { $todo } today, or reply and I send somebody with pleasure. - { $sender }
    .playful = Hi { $tenant }, { $device } ({ $unit }) is down to its last crumbs and may be empty within days. Please { $todo } today, or reply and we come by. - { $sender }
    .rhyming = Hi { $tenant }, please do not delay: { $todo } today! { $device } ({ $unit }) may be empty within days. Or reply and we come by. - { $sender }
battery-ask = Hi { $tenant }, { $device } ({ $unit }) shows more battery than before. Did you put in new ones? Reply 1 if you did. - { $sender }
battery-dead-tenant = Hi { $tenant }, the battery of { $device } ({ $unit }) is empty.{ $way_in } Please { $todo }, or reply and we come by. - { $sender }
survey-tenant = Hi { $tenant }, how did we do at { $unit }? Please reply with a number from 0 (bad) to 10 (great), and a word if you like. - { $sender }
    .warm = Hi { $tenant }, I hope all is well again at { $unit }. How did we do? A number from 0 (bad) to 10 (great) would help me a lot, and a word if you like. - { $sender }
    .playful = Hi { $tenant }, now you grade us! How did we do at { $unit }, from 0 (bad) to 10 (great)? A word from the teacher is welcome too. - { $sender }
    .rhyming = Hi { $tenant }, at { $unit }, did we do well? From 0 (bad) to 10 (great), please tell! A word is welcome too. - { $sender }
call-back-manager = Please call { $tenant } { $phone } ({ $property }, { $unit }). After our last job they wrote: "{ $wish }"
leak-call = This is { $sender } from { $property }. Water was detected at { $device } in { $unit }. We are sending someone now. If it is safe, turn off the tap and keep away from sockets. If you need a place to stay tonight, press 1. If you do not, press 2.
call-bed = Thank you. We are finding you a place for tonight and will call you shortly.
call-fine = Thank you, we have noted that. We are getting somebody to you.
call-bye = Thank you for answering. If you need help, please contact your housekeeper. Goodbye.
help-coming = Thanks for telling me, { $tenant }. I am getting someone to you and will write when they come. - { $sender }
bed-coming = I am finding you a place for tonight, { $tenant }, and will call you shortly. Please keep out of the wet rooms. - { $sender }
about-us = { $property }: { $sender } looks after your home by text: water, locks, batteries. Just reply in your own words. Reply STOP for no more texts.
nights = Understood, { $tenant }. From { $from } to { $to } I text only what cannot wait, such as water or a dead lock. A colleague will read this and answer you. For no texts at all reply STOP. - { $sender }
signed = { $text } - { $sender }
battery-thanks = Thank you, { $tenant }! { $device } has a fresh battery and { $reward } is credited to you. - { $sender }
    .warm = Thank you so much, { $tenant }! { $device } has a fresh battery and { $reward } is credited to you. It is good to have you with us. - { $sender }
    .playful = Yum! { $device } is full again and { $reward } is credited to you. Thank you, { $tenant }! - { $sender }
    .rhyming = { $device } is fresh and bright, { $reward } is yours by right, and already credited. Thank you, { $tenant }! - { $sender }
battery-thanks-plain = Thank you, { $tenant }! { $device } has a fresh battery. - { $sender }
    .warm = Thank you so much, { $tenant }! { $device } has a fresh battery. It is good to have you with us. - { $sender }
    .playful = Yum! { $device } is full again. Thank you, { $tenant }! - { $sender }
    .rhyming = { $device } is fresh and bright: thank you, { $tenant }, you did it right! - { $sender }
leak-tenant = Water at { $device } in { $unit }! We are sending someone now. If it is safe, turn off the tap and keep away from sockets. Do you need a place to stay tonight? Reply 1 for yes. - { $sender }
leak-second = Leak in { $property }, { $unit } ({ $device }) and nobody has taken it yet. Can you go now? Tenant: { $tenant } { $phone }
leak-manager = Leak in { $property }, { $unit } ({ $device }) since { $since }: no housekeeper has accepted yet. Please decide. Tenant: { $tenant } { $phone }
leak-still-wet = { $device } in { $property }, { $unit } has been wet since { $since } and does not dry. Please look: is there still water, or is the sensor broken?
bed-manager = The tenant of { $property }, { $unit } needs a place to stay tonight because of the leak. Tenant: { $tenant } { $phone }
waiting-manager = { $tenant } { $phone } ({ $property }, { $unit }) has written and nobody has answered yet. Please read it and reply.
urgent-manager = { $tenant } { $phone } ({ $property }, { $unit }) writes: "{ $wish }" Nobody is on the way because of it. Please decide now.
tamper-housekeeper = { $device } in { $property }, { $unit } reports that its case was opened. Please have a look.
offer-leak = Leak! { $property }, { $unit } ({ $device }). Please go now. Tenant: { $tenant } { $phone }
offer-battery = Battery visit: { $property }, { $unit }, { $device }. Bring { $cells }. Tenant: { $tenant } { $phone }
offer-battery-dead = Battery empty: { $property }, { $unit }, { $device }. Please go as soon as you can and bring { $cells }.{ $way_in } Tenant: { $tenant } { $phone }
offer-silent = { $property }, { $unit }: { $device } has not reported since { $since }. Please check power, battery and signal.
offer-broker = { $property }: the message broker ({ $device }) cannot be reached since { $since }, so no device here is heard, not even a leak. Please check power and network of the hub.
offer-silent-dead = { $property }, { $unit }: { $device } has not reported since { $since }; its battery was running down and is probably dead. Bring { $cells }. Tenant: { $tenant } { $phone }
offer-request = Request from { $property }, { $unit }: "{ $wish }" Tenant: { $tenant } { $phone }
job-battery = This battery visit is yours now: { $property }, { $unit }, { $device }. Bring { $cells }. Tenant: { $tenant } { $phone }
job-leak = Leak! This job is yours now: { $property }, { $unit } ({ $device }). Please go now. Tenant: { $tenant } { $phone }
job-silent = This job is yours now: { $property }, { $unit }, { $device } has not reported since { $since }. Please check power, battery and signal.
job-tamper = This job is yours now: { $device } in { $property }, { $unit } reports that its case was opened. Please have a look.
job-request = This request is yours now: { $property }, { $unit }: "{ $wish }" Tenant: { $tenant } { $phone }
job-given-away = { $property }, { $unit } ({ $device }): a colleague has this job now, you need not go. Thank you!

visit-eta = Hi { $tenant }, { $who } will be at { $unit } by { $eta } to see to { $matter }. - { $sender }
visit-late = Hi { $tenant }, sorry to keep you waiting at { $unit }: { $who } will be late. If it takes much longer, somebody else will come. - { $sender }
visit-changed = Hi { $tenant }, sorry, { $who } cannot come to { $unit } after all. We are already finding somebody else to see to { $matter }. - { $sender }
visit-failed = Hi { $tenant }, sorry, we could not sort out { $matter } ({ $unit }) on this visit. We are already arranging the next one. - { $sender }
late-housekeeper = { $property }, { $unit } ({ $device }): you were expected at { $eta }. Are you on the way? If you cannot go, give the job back now. Tenant: { $tenant } { $phone }
missed-manager = { $property }, { $unit } ({ $device }): { $helper } took this job and did not come. It is being offered to others. Tenant: { $tenant } { $phone }
gauge-manager = { $property }, { $unit } ({ $device }): its battery level is not to be believed; the evidence is on its page. The tenant is not told to act on it; whoever is on duty is asked to look at the battery.
nobody-took = { $property }, { $unit } ({ $device }): nobody has taken this job, waiting since { $since }. Please decide. Tenant: { $tenant } { $phone }
overdue-answer = Overdue: { $property }, { $unit } ({ $device }): nobody has answered in time, open since { $since }. Please decide. Tenant: { $tenant } { $phone }
overdue-arrival = Overdue: { $property }, { $unit } ({ $device }): taken by { $helper } and nobody there in time. Please decide. Tenant: { $tenant } { $phone }
overdue-close = Overdue: { $property }, { $unit } ({ $device }): not solved in time, open since { $since }. Please decide. Tenant: { $tenant } { $phone }
valve-ask = Leak in { $property }, { $unit } ({ $device }) since { $since }. Its valve is still open: shut it from the ticket if you agree. Tenant: { $tenant } { $phone }
leak-below = Hi { $tenant }, water is coming down through { $property } and may reach { $unit }. Please look at your ceilings, move what must stay dry and keep away from wet sockets. We are on it. - { $sender }

# Batteries. { $shape } is round, coin, block, thionyl or pack; { $chemistry } is one of the words below, or empty.
cells = { $shape ->
    [coin] { $count ->
        [one] one { $size } coin cell
       *[other] { $count } { $size } coin cells
    }
    [thionyl] { $count ->
        [one] one { $size } lithium battery (3.6 V)
       *[other] { $count } { $size } lithium batteries (3.6 V)
    }
    [pack] a charger for its battery pack
   *[round] { $count ->
        [one] one { $size }{ $chemistry } battery
       *[other] { $count } { $size }{ $chemistry } batteries
    }
}
chemistry-alkaline = { " " }alkaline
chemistry-lithium_iron = { " " }lithium
chemistry-lithium_manganese = { " " }lithium
chemistry-nimh = { " " }rechargeable NiMH
cells-default = fresh batteries
hours = { $count ->
    [one] one hour
   *[other] { $count } hours
}
todo-replace = put in { $cells }
todo-charge = charge its battery pack

# How to get through a door whose lock is dead.
way-in = { " " }To get in, { $ways }.
way-or = { " " }or{ " " }
way-nine_volt = hold a 9 V battery to the contacts outside and enter your code
way-usb_c = plug a power bank into the USB-C socket outside and unlock as usual
way-micro_usb = plug a power bank into the micro-USB socket outside and unlock as usual
way-key = use the mechanical key
way-unknown = try the spare key

# Who signs says this of themselves; and what a matter is called.
myself = I
matter = { $kind ->
    [leak] the leak
    [battery] the battery of { $device }
    [request] your request
   *[other] the problem with { $device }
}

no-tenant = none registered
no-unit = the whole house
no-device = the apartment
